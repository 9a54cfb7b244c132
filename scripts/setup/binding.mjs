import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, cp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { COPY_TENSORS_PATCH, NODE_23_PATCHES } from '../patches/tfjsNode.mjs';
import { patchFile } from './applyPatch.mjs';
import { findProgram, lastLines, runCommand, tryCommand } from './command.mjs';
import { cacheFolder, rootFolder, stateFolder } from './paths.mjs';
import { TENSORFLOW_VERSION, TFJS_NODE_VERSION } from './pins.mjs';
import { SetupError, step } from './progress.mjs';
import { tensorflowFolder } from './tensorflow.mjs';
import { makeFolderAtomically } from './verifiedFile.mjs';

const PACKAGE_FOLDER = join(rootFolder, 'node_modules', '@tensorflow', 'tfjs-node');
/** Node-API 8: the newest that Electron 22 (Node 16) has. One binary serves every Node and Electron from there on. */
const NAPI_VERSION = 8;
const BINDING = `lib/napi-v${NAPI_VERSION}/tfjs_binding.node`;
const STATE_FILE = join(stateFolder, 'binding');
const PATCHES = [COPY_TENSORS_PATCH, ...NODE_23_PATCHES];

/** Multiplies two matrices in a fresh process; prints `8` when the runtime works. */
const PROBE = `
const tf = require('@tensorflow/tfjs-node');
console.log('sum=' + tf.ones([2, 2]).matMul(tf.ones([2, 2])).sum().dataSync()[0]);
`;

/**
 * @param {'cpu' | 'gpu'} variant
 * @returns {boolean} the binding in node_modules is the one this setup would put there, and was seen working
 */
export function isBindingPlaced(variant) {
  if (!existsSync(STATE_FILE) || !existsSync(join(PACKAGE_FOLDER, BINDING))) return false;
  return readFileSync(STATE_FILE, 'utf8') === placedKey(variant) && linksTo(join(PACKAGE_FOLDER, 'deps'), tensorflowFolder(variant));
}

/**
 * Builds the patched binding against libtensorflow (or takes it from the cache), puts it into node_modules and sees that it loads.
 *
 * @param {'cpu' | 'gpu'} variant
 */
export async function installBinding(variant) {
  const built = join(cacheFolder, 'bindings', bindingKey());
  if (!existsSync(join(built, 'tfjs_binding.node'))) {
    await step('build the TensorFlow binding', () => buildBinding(tensorflowFolder(variant), built));
  }
  await place(built, variant);
  await step('check that the TensorFlow runtime loads', () => probe());
  await mkdir(stateFolder, { recursive: true });
  await writeFile(STATE_FILE, placedKey(variant));
}

async function place(built, variant) {
  for (const patch of NODE_23_PATCHES) await patchFile(PACKAGE_FOLDER, patch);
  const target = join(PACKAGE_FOLDER, BINDING);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(built, 'tfjs_binding.node'), `${target}.partial`);
  await rename(`${target}.partial`, target);
  const link = join(PACKAGE_FOLDER, 'deps');
  if (linksTo(link, tensorflowFolder(variant))) return;
  await rm(link, { recursive: true, force: true });
  await symlink(tensorflowFolder(variant), link);
}

async function buildBinding(tensorflow, target) {
  for (const program of ['g++', 'make', 'python3']) {
    if (findProgram(program) === null) {
      throw new SetupError(`${program} is needed to build the TensorFlow binding: sudo apt-get install -y build-essential python3`);
    }
  }
  const work = `${target}.build`;
  await rm(work, { recursive: true, force: true });
  await cp(join(PACKAGE_FOLDER, 'binding'), join(work, 'binding'), { recursive: true });
  await cp(join(PACKAGE_FOLDER, 'binding.gyp'), join(work, 'binding.gyp'));
  await writeFile(join(work, 'package.json'), '{ "name": "tfjs-binding", "version": "0.0.0" }\n');
  await symlink(tensorflow, join(work, 'deps'));
  await patchFile(work, COPY_TENSORS_PATCH);
  await runCommand(process.execPath, gypArguments(work), { cwd: work, failure: 'The TensorFlow binding did not build:' });
  await makeFolderAtomically(target, async (folder) => {
    await mkdir(folder, { recursive: true });
    await copyFile(join(work, 'build/Release/tfjs_binding.node'), join(folder, 'tfjs_binding.node'));
  });
  await rm(work, { recursive: true });
}

function gypArguments(work) {
  const nodeGyp = join(rootFolder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  // Without headers beside it, node-gyp fetches them from Node's own site.
  const headers = hasHeaders ? [`--nodedir=${prefix}`] : [];
  if (!hasHeaders) console.log('  Node has no headers beside it (Debian: apt-get install libnode-dev); node-gyp will fetch them');
  return [
    nodeGyp,
    'rebuild',
    ...headers,
    '--module_name=tfjs_binding',
    `--module=${join(work, BINDING)}`,
    `--module_path=${join(work, dirname(BINDING))}`,
    `--napi_version=${process.versions.napi}`,
    `--napi_build_version=${NAPI_VERSION}`,
    `--node_napi_label=napi-v${NAPI_VERSION}`,
  ];
}

async function probe() {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '1' };
  const { exitCode, output } = await tryCommand(process.execPath, ['-e', PROBE], { cwd: rootFolder, env });
  if (exitCode === 0 && output.includes('sum=8')) return;
  throw new SetupError(
    `The TensorFlow runtime does not load (exit code ${exitCode}). To build it anew: rm -r ${join(cacheFolder, 'bindings')} && npm run setup\n${lastLines(output, 12)}`,
  );
}

/** Everything that the compiled binding depends on: its source, our patch, the headers, the Node-API level, the platform. */
function bindingKey() {
  const parts = [TFJS_NODE_VERSION, TENSORFLOW_VERSION, `napi${NAPI_VERSION}`, process.platform, process.arch, JSON.stringify(COPY_TENSORS_PATCH)];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** What was placed in node_modules: the binding, for which variant and Node, with which of the patches. */
function placedKey(variant) {
  return [bindingKey(), variant, process.version, JSON.stringify(PATCHES)].join('\n');
}

function linksTo(link, target) {
  const found = lstatSync(link, { throwIfNoEntry: false });
  return found !== undefined && found.isSymbolicLink() && readlinkSync(link) === target;
}

// What a package holds beside the bundles: what is native, notices, icons.
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findProgram, runCommand } from '../setup/command.mjs';
import { rootFolder } from '../setup/paths.mjs';
import { step } from '../setup/progress.mjs';
import { thirdPartyNotices } from './notices.mjs';

const STAGE_FOLDER = join(rootFolder, 'dist', 'stage');
const TFJS = 'node_modules/@tensorflow/tfjs-node';
const BINDING = 'lib/napi-v8/tfjs_binding.node';
/** The database and what it loads, as npm installed it for this platform. */
const DATABASE_PACKAGES = ['libsql', '@libsql', '@neon-rs/load'];

/**
 * Fills `dist/stage`, from which electron-builder.yml takes what lies beside the program.
 *
 * @returns {Promise<void>}
 */
export async function stage() {
  await rm(STAGE_FOLDER, { recursive: true, force: true });
  await step('dist: TensorFlow', stageTensorflow);
  await step('dist: database, notices, icons', async () => {
    for (const name of DATABASE_PACKAGES)
      await cp(join(rootFolder, 'node_modules', name), join(STAGE_FOLDER, 'node_modules', name), { recursive: true, dereference: true });
    await writeFile(join(STAGE_FOLDER, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices());
    await stageIcons();
  });
}

/** tfjs-node as one file, which finds our binding as it finds it in node_modules. */
async function stageTensorflow() {
  const [from, to] = [join(rootFolder, TFJS), join(STAGE_FOLDER, TFJS)];
  const { name, version, main, license } = JSON.parse(await readFile(join(from, 'package.json'), 'utf8'));
  await mkdir(join(to, 'lib/napi-v8'), { recursive: true });
  await writeFile(join(to, 'package.json'), `${JSON.stringify({ name, version, main, license }, null, 2)}\n`);
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: [join(from, main)],
    outfile: join(to, main),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node16',
    logLevel: 'error',
    plugins: [bindingFinder],
  });
  await copyFile(join(from, BINDING), join(to, BINDING));
  await stageLibraries(join(from, 'deps/lib'), join(to, 'deps/lib'));
}

/** node-pre-gyp would look for its own kind of package; where the binding lies is known. */
const bindingFinder = {
  name: 'binding-finder',
  setup(build) {
    build.onResolve({ filter: /^@mapbox\/node-pre-gyp$/ }, ({ path }) => ({ path, namespace: 'binding-finder' }));
    build.onLoad({ filter: /.*/, namespace: 'binding-finder' }, () => ({
      contents: `exports.find = (packageJson) => require('path').join(packageJson, '..', '${BINDING}');`,
    }));
  },
};

/** Without the links, which are for whoever builds against them. Libraries lose the symbols that only a debugger reads, where there is a program to take them out. */
async function stageLibraries(from, to) {
  await mkdir(to, { recursive: true });
  const strip = process.platform === 'linux' ? findProgram('strip') : null;
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const target = join(to, entry.name);
    if (strip)
      await runCommand(strip, ['--strip-unneeded', '-o', target, join(from, entry.name)], { failure: `The symbols could not be taken out of ${entry.name}.` });
    else await copyFile(join(from, entry.name), target);
    await chmod(target, 0o644);
  }
  if (!strip && process.platform === 'linux') console.log('NOTICE: there is no strip (Debian: binutils); the package is a quarter larger than it need be');
}

async function stageIcons() {
  const esbuild = await import('esbuild');
  const bundle = join(rootFolder, 'node_modules/.cache/maskloop/writeIcons.mjs');
  await esbuild.build({
    entryPoints: [join(import.meta.dirname, 'writeIcons.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  const { writeIcons } = await import(pathToFileURL(bundle).href);
  writeIcons(join(STAGE_FOLDER, 'icons'));
}

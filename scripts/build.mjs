// `npm run build`: TypeScript bundles with esbuild, the user interface with vite; unchanged parts are left alone.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashSources } from './setup/hashSources.mjs';
import { rootFolder } from './setup/paths.mjs';
import { reportFailure, SetupError, step } from './setup/progress.mjs';

/** Entry → bundle. The lowest runtime is Electron 22 (Node 16), and its preload must be one CommonJS file. */
const BUNDLES = [
  { entry: 'electron/app.ts', output: 'dist/electron/app.cjs' },
  { entry: 'electron/preload.ts', output: 'dist/electron/preload.cjs' },
  { entry: 'main/workers/compute.ts', output: 'dist/main/compute.cjs' },
  { entry: 'main/workers/batchThread.ts', output: 'dist/main/batchThread.cjs' },
  { entry: 'main/workers/preprocessThread.ts', output: 'dist/main/preprocessThread.cjs' },
  { entry: 'main/dataset/read/decodeThread.ts', output: 'dist/main/decodeThread.cjs' },
  { entry: 'main/cli/maskloop.ts', output: 'dist/main/maskloop.cjs' },
];
/** What bundles read from beside them: file of a package → its place. */
const FILES = [{ source: 'node_modules/dcmjs-codecs/build/dcmjs-native-codecs.wasm', output: 'dist/main/dcmjs-native-codecs.wasm' }];
const NODE_SOURCES = ['electron', 'main', 'models', 'package-lock.json', 'tsconfig.json', 'scripts/build.mjs'];
const RENDERER_SOURCES = [
  'renderer',
  'main/contract',
  'main/formats/mesh',
  'main/imaging',
  'resources',
  'vite.config.ts',
  'package-lock.json',
  'tsconfig.json',
];
const RENDERER_OUTPUT = 'dist/renderer/index.html';
const STAMP_FILE = join(rootFolder, 'dist', 'built-from.json');

/**
 * Builds what changed since the last build.
 *
 * @param {{ quiet?: boolean }} [options] quiet: no line when everything is up to date
 * @returns {Promise<void>} rejects with the builder's error when a bundle does not build
 */
export async function build(options = {}) {
  const stamps = await readStamps();
  const builtNode = await buildWhenChanged(stamps, 'node', NODE_SOURCES, nodeOutputs(), buildNodeBundles);
  const builtRenderer = await buildWhenChanged(stamps, 'renderer', RENDERER_SOURCES, [RENDERER_OUTPUT], buildRenderer);
  if (!builtNode && !builtRenderer && !options.quiet) console.log('build: up to date');
}

async function buildWhenChanged(stamps, name, sources, outputs, buildPart) {
  const hash = await hashSources(rootFolder, sources);
  const isCurrent = stamps[name] === hash && outputs.every((file) => existsSync(join(rootFolder, file)));
  if (isCurrent) return false;
  await buildPart();
  stamps[name] = hash;
  await mkdir(dirname(STAMP_FILE), { recursive: true });
  await writeFile(STAMP_FILE, `${JSON.stringify(stamps, null, 2)}\n`);
  return true;
}

function presentBundles() {
  return BUNDLES.filter((bundle) => existsSync(join(rootFolder, bundle.entry)));
}

function nodeOutputs() {
  return [...presentBundles(), ...FILES].map(({ output }) => output);
}

async function buildNodeBundles() {
  const esbuild = await import('esbuild');
  await step('build: application, compute process and command line', async () => {
    for (const { entry } of BUNDLES) {
      if (!existsSync(join(rootFolder, entry))) console.log(`  ${entry} does not exist yet: left out`);
    }
    const results = await Promise.allSettled(presentBundles().map((bundle) => esbuild.build(bundleOptions(bundle))));
    const broken = results.filter((result) => result.status === 'rejected');
    if (broken.length > 0) throw new SetupError(`${broken.length} of ${results.length} bundles did not build; the errors are above.`);
    await Promise.all(FILES.map(({ source, output }) => copyFile(join(rootFolder, source), join(rootFolder, output))));
  });
}

function bundleOptions({ entry, output }) {
  return {
    absWorkingDir: rootFolder,
    entryPoints: [entry],
    outfile: output,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node16',
    external: ['electron', '@tensorflow/tfjs-node', 'libsql'],
    sourcemap: 'linked',
    logLevel: 'warning',
    // where a bundle has no `import.meta`, the code does without
    logOverride: { 'empty-import-meta': 'silent' },
  };
}

async function buildRenderer() {
  const configFile = join(rootFolder, 'vite.config.ts');
  if (!existsSync(configFile)) return console.log('  vite.config.ts does not exist yet: the user interface is left out');
  const vite = await import('vite');
  await step('build: user interface', async () => {
    try {
      await vite.build({ configFile, logLevel: 'warn' });
    } catch (error) {
      throw new SetupError(`The user interface did not build:\n${error.message}`);
    }
  });
}

async function readStamps() {
  try {
    return JSON.parse(await readFile(STAMP_FILE, 'utf8'));
  } catch {
    return {}; // no build yet, or an unreadable stamp: build everything
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build().catch(reportFailure);

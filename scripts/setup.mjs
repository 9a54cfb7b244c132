// `npm run setup`: brings everything that `npm start` and `npm test` need. Runs before `npm ci`, so it and what it
// imports use nothing but Node's standard library until node_modules are there.
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installBinding, isBindingPlaced } from './setup/binding.mjs';
import { withCacheLock } from './setup/cacheLock.mjs';
import { installDebianPackages, missingForElectron, missingForTests, resolvePackages } from './setup/debian.mjs';
import { installElectron, readElectronState } from './setup/electron.mjs';
import { areNodeModulesCurrent, installNodeModules, isCommandLinked, linkCommand } from './setup/nodeModules.mjs';
import { cacheFolder } from './setup/paths.mjs';
import { reportFailure, SetupError } from './setup/progress.mjs';
import { chooseVariant, installTensorflow, isTensorflowPresent } from './setup/tensorflow.mjs';

const LOWEST_NODE = [20, 19];
const HELP = `npm run setup [-- OPTIONS]

Fetches and builds what is missing: npm packages, TensorFlow runtime, Electron, system libraries. Safe to run again.

  --test             also what only tests need: Xvfb, Chromium
  --gpu              TensorFlow with CUDA 12 and NVIDIA's libraries (2.5 GB more; written, but never run on a GPU yet)
  --cpu              back to TensorFlow without CUDA
  --retry-electron   try the official Electron again although a test runtime is in place
  --help             this text

Everything large goes to $MASKLOOP_CACHE (now ${cacheFolder}), shared by checkouts; delete it to start over.`;

/**
 * Brings what is missing; at once done when nothing is.
 *
 * @param {{ forTests?: boolean, variant?: 'cpu' | 'gpu' | null, retryElectron?: boolean, quiet?: boolean }} [options]
 *   quiet: no line when nothing was missing
 * @returns {Promise<{ hasWindowSystem: boolean }>} hasWindowSystem: Electron has all libraries it needs
 */
export async function setup(options = {}) {
  const startedMs = Date.now();
  checkNodeVersion();
  const variant = await chooseVariant(options.variant ?? null);
  const retryOfficial = options.retryElectron ?? false;
  const wasComplete = !retryOfficial && isComplete(variant);
  if (!wasComplete) await withCacheLock(cacheFolder, () => install(variant, retryOfficial));
  const hasWindowSystem = await installSystemPackages(options.forTests ?? false);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  if (!wasComplete) console.log(`setup: done in ${seconds} s`);
  else if (!options.quiet) console.log(`setup: nothing missing (${seconds} s)`);
  return { hasWindowSystem };
}

function isComplete(variant) {
  return areNodeModulesCurrent() && isCommandLinked() && isTensorflowPresent(variant) && isBindingPlaced(variant) && readElectronState() !== null;
}

/** Each part asks again whether it is missing: another checkout may have brought it while we waited for the lock. */
async function install(variant, retryOfficial) {
  if (!areNodeModulesCurrent()) await installNodeModules();
  if (!isCommandLinked()) await linkCommand();
  if (!isTensorflowPresent(variant)) await installTensorflow(variant);
  if (!isBindingPlaced(variant)) await installBinding(variant);
  if (retryOfficial || readElectronState() === null) await installElectron({ retryOfficial });
}

/** Missing system libraries stop only what needs them: the workstation also runs in a browser. */
async function installSystemPackages(forTests) {
  const forElectron = missingForElectron();
  const alternatives = forTests ? [...forElectron, ...missingForTests()] : forElectron;
  if (alternatives.length === 0) return true;
  try {
    await installDebianPackages(await resolvePackages(alternatives), forTests ? 'Electron and the tests' : 'Electron');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`NOTICE: ${error.message}`);
  }
  return missingForElectron().length === 0;
}

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isNewEnough = major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1]);
  if (!isNewEnough) throw new SetupError(`Node ${LOWEST_NODE.join('.')} or newer is needed; this is ${process.version}.`);
}

async function runFromCommandLine() {
  const flag = { type: 'boolean', default: false };
  const options = { test: flag, gpu: flag, cpu: flag, 'retry-electron': flag, help: flag };
  const { values } = parseArgs({ options });
  if (values.help) return console.log(HELP);
  const variant = values.gpu ? 'gpu' : values.cpu ? 'cpu' : null;
  await setup({ forTests: values.test, variant, retryElectron: values['retry-electron'] });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await runFromCommandLine().catch(reportFailure);

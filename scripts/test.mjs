// `npm test [-- FILTERS]`: sets up, builds, checks and runs every test. The last line is always the totals.
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { setup } from './setup.mjs';
import { hasDisplay } from './setup/environment.mjs';
import { rootFolder, stateFolder } from './setup/paths.mjs';
import { reportFailure, SetupError } from './setup/progress.mjs';
import { DICOM_PACKAGES, pythonWith, RAY_PACKAGES, SERVING_PACKAGES, TEST_PACKAGES } from './setup/pythonPackages.mjs';
import { readTestReport } from './setup/testReport.mjs';
import { startVirtualDisplay } from './setup/virtualDisplay.mjs';

const REPORT_FILE = join(stateFolder, 'test-report.json');
const filters = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: [] };

async function test() {
  section('setup');
  await setup({ forTests: true });
  section('build');
  await build();
  section('checks');
  if (filters.length === 0) add(await check({ fresh: true }));
  else console.log('  left out, because filters were given (npm run check)');
  section('tests');
  add(await runVitest());
}

/** Runs vitest with its own output, and reads the totals from its machine-readable report. */
async function runVitest() {
  await mkdir(stateFolder, { recursive: true });
  await rm(REPORT_FILE, { force: true });
  const display = hasDisplay() ? null : await startVirtualDisplay();
  const env = { ...process.env, ...(await referencePython()), ...(display && { DISPLAY: display.name }) };
  const vitest = join(rootFolder, 'node_modules', 'vitest', 'vitest.mjs');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT_FILE}`, ...filters];
  try {
    const exitCode = await runToEnd(process.execPath, [vitest, ...args], env);
    return await readTestReport(REPORT_FILE, exitCode);
  } finally {
    display?.stop();
  }
}

/** Tests that read our files with other programs are skipped, visibly, where these cannot be had. */
async function referencePython() {
  const nibabel = await pythonOrNotice('nibabel', TEST_PACKAGES);
  const dicom = await pythonOrNotice('dicom', DICOM_PACKAGES);
  const tensorflow = await pythonOrNotice('tensorflow', SERVING_PACKAGES);
  const ray = process.env.MASKLOOP_TEST_RAY === '1' ? await pythonOrNotice('ray', RAY_PACKAGES) : null;
  return {
    ...(ray && { MASKLOOP_REFERENCE_PYTHON: ray.python, MASKLOOP_RAY_PACKAGES: ray.env.PYTHONPATH }),
    ...(nibabel && { MASKLOOP_REFERENCE_PYTHON: nibabel.python, MASKLOOP_REFERENCE_PACKAGES: nibabel.env.PYTHONPATH }),
    ...(dicom && { MASKLOOP_REFERENCE_PYTHON: dicom.python, MASKLOOP_DICOM_PACKAGES: dicom.env.PYTHONPATH }),
    ...(tensorflow && { MASKLOOP_REFERENCE_PYTHON: tensorflow.python, MASKLOOP_TENSORFLOW_PACKAGES: tensorflow.env.PYTHONPATH }),
  };
}

async function pythonOrNotice(name, packages) {
  try {
    return await pythonWith(name, packages);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`NOTICE: ${error.message}`);
    return null;
  }
}

function runToEnd(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: rootFolder, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(exitCode ?? 128));
  });
}

function add({ passed, failed, skipped }) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped.push(...skipped);
}

function section(title) {
  console.log(`\n=== ${title} ${'='.repeat(Math.max(0, 70 - title.length))}`);
}

function printTotals() {
  if (totals.skipped.length > 0) console.log(`\nskipped:\n${totals.skipped.map((title) => `  ${title}`).join('\n')}`);
  console.log(`\nmaskloop: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped.length} skipped`);
}

try {
  await test();
} catch (error) {
  totals.failed += 1; // a run that could not be carried through is a failed one
  reportFailure(error);
}
printTotals();
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

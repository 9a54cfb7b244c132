import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { rootFolder } from './paths.mjs';

/**
 * Totals of a vitest run. A file that did not load, or an error outside of any test, counts as one failure: it must not
 * look like nothing.
 *
 * @param {string} file JSON report; may be absent when vitest died early
 * @param {number} exitCode of vitest
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} skipped: `file: title`
 */
export async function readTestReport(file, exitCode) {
  const results = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')).testResults : [];
  const tests = results.flatMap((result) => result.assertionResults.map((test) => ({ ...test, file: relative(rootFolder, result.name) })));
  const brokenFiles = results.filter((result) => result.status === 'failed' && !result.assertionResults.some((test) => test.status === 'failed')).length;
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = tests.filter((test) => test.status === 'failed').length + brokenFiles;
  const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => `${test.file}: ${test.fullName}`);
  const failedOutside = exitCode !== 0 && failed === 0;
  return { passed, failed: failedOutside ? 1 : failed, skipped };
}

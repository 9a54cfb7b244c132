/** pydicom, highdicom, SimpleITK and nibabel, as `npm test` fetches them; vitest alone does without. */
import { execFileSync } from 'node:child_process';

const { MASKLOOP_REFERENCE_PYTHON: python, MASKLOOP_DICOM_PACKAGES: packages } = process.env;

export const hasDicomPython = python !== undefined && packages !== undefined;
/** For titles of tests that need them. */
export const dicomPythonNotice = hasDicomPython ? '' : ' (skipped: Python with pydicom, highdicom and SimpleITK is not here)';

/** Runs a Python script that prints one JSON value as its last line. Throws with what it wrote to stderr. */
export function askPython<T>(script: string, ...args: string[]): T {
  const env = { ...process.env, PYTHONPATH: packages, PYTHONWARNINGS: 'ignore' };
  const output = execFileSync(python!, ['-c', script, ...args], { encoding: 'utf8', env, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] });
  return JSON.parse(output.trim().split('\n').at(-1)!) as T;
}

import { spawn } from 'node:child_process';
import { findProgram } from './command.mjs';

const START_WITHIN_MS = 10_000;

/**
 * Starts an X server without a screen.
 *
 * @returns {Promise<{ name: string, stop: () => void } | null>} name for $DISPLAY; null (with a notice) where Xvfb is missing
 */
export async function startVirtualDisplay() {
  const program = findProgram('Xvfb');
  if (program === null) {
    console.log('NOTICE: no display and no Xvfb: the tests that open a window are skipped');
    return null;
  }
  // Xvfb picks a free number and writes it to file descriptor 3.
  const args = ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'];
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Xvfb did not start within 10 s')), START_WITHIN_MS);
    server.on('error', reject);
    server.on('exit', (exitCode) => reject(new Error(`Xvfb ended at once (exit code ${exitCode})`)));
    server.stdio[3].once('data', (chunk) => {
      clearTimeout(timer);
      resolve(String(chunk).trim());
    });
  });
  return { name: `:${number}`, stop: () => server.kill() };
}

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from './progress.mjs';

/**
 * Runs a program to its end.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, silenceMs?: number }} [options]
 *   silenceMs: kill the program when it prints nothing for this long
 * @returns {Promise<{ exitCode: number, output: string }>} output: stdout and stderr as they came
 */
export function tryCommand(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let silence;
    const listen = (chunk) => {
      output += chunk;
      restartSilence();
    };
    const restartSilence = () => {
      if (options.silenceMs === undefined) return;
      clearTimeout(silence);
      silence = setTimeout(() => {
        output += `\nno answer for ${options.silenceMs / 1000} s`;
        child.kill('SIGKILL');
      }, options.silenceMs);
    };
    const finish = (exitCode, note = '') => {
      clearTimeout(silence);
      resolve({ exitCode, output: output + note });
    };
    restartSilence();
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', (error) => finish(127, error.message));
    child.on('close', (exitCode, signal) => finish(exitCode ?? 128, signal === null ? '' : `\nkilled by ${signal}`));
  });
}

/**
 * Runs a program and throws a SetupError with the end of its output when it fails.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, failure: string }} options failure: the sentence that leads the message
 * @returns {Promise<string>} what it printed
 */
export async function runCommand(program, args, options) {
  const { exitCode, output } = await tryCommand(program, args, options);
  if (exitCode === 0) return output;
  throw new SetupError(`${options.failure}\n${lastLines(output, 15)}`);
}

/**
 * @param {string} text
 * @param {number} count
 * @returns {string} the last non-empty lines, indented
 */
export function lastLines(text, count) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}

/**
 * @param {string} program
 * @returns {string | null} its path, null when it is not on PATH or in the administrator's folders
 */
export function findProgram(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable) ?? null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const MB = 1e6;

/**
 * What an unpacked package is made of; `at`: places below its `resources`. Limits in 10⁶ bytes, each some way above what is there,
 * so that a part that slips in by accident (a second TensorFlow, a folder of development tools) is noticed. The program's is
 * the tightest in proportion: it is ours. Electron has room for the version that users get, which is larger than the test runtime.
 */
const PARTS = [
  { name: 'TensorFlow', limitMb: 700, at: ['node_modules/@tensorflow'] },
  { name: 'database', limitMb: 30, at: ['node_modules/libsql', 'node_modules/@libsql', 'node_modules/@neon-rs'] },
  { name: 'program', limitMb: 40, at: ['app.asar', 'app.asar.unpacked'] },
  { name: 'licences', limitMb: 20, at: ['LICENSE', 'THIRD-PARTY-NOTICES.txt', '../LICENSES.chromium.html', '../LICENSE.electron.txt'] },
];
const ELECTRON_LIMIT_MB = 350;

/**
 * @param {string} folder an unpacked package
 * @returns {{ name: string, bytes: number, limitMb: number }[]} its parts, and all of them together at the end
 */
export function measureParts(folder) {
  const parts = PARTS.map(({ name, limitMb, at }) => ({ name, limitMb, bytes: at.reduce((sum, place) => sum + bytesOf(join(folder, 'resources', place)), 0) }));
  const all = bytesOf(folder);
  const rest = { name: 'Electron', limitMb: ELECTRON_LIMIT_MB, bytes: all - parts.reduce((sum, { bytes }) => sum + bytes, 0) };
  const limitMb = [...parts, rest].reduce((sum, part) => sum + part.limitMb, 0);
  return [...parts, rest, { name: 'together', limitMb, bytes: all }];
}

/** A line for each part: `TensorFlow 639.6 MB of 700`. */
export const formatSizes = (sizes) =>
  sizes.map(({ name, bytes, limitMb }) => `  ${name.padEnd(11)}${(bytes / MB).toFixed(1).padStart(7)} MB of ${limitMb}`).join('\n');

/** What is wrong, in words: parts above their limit, and those that are missing. */
export const overBudget = (sizes) =>
  sizes.flatMap(({ name, bytes, limitMb }) => {
    if (bytes === 0) return [`${name} is missing`];
    return bytes > limitMb * MB ? [`${name} has ${(bytes / MB).toFixed(1)} MB, its limit is ${limitMb}`] : [];
  });

/** Of what lies there; links count as nothing. */
function bytesOf(path) {
  if (!existsSync(path)) return 0;
  const stats = lstatSync(path);
  if (stats.isDirectory()) return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
  return stats.isFile() ? stats.size : 0;
}

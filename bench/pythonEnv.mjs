/** Reference programs from PyPI run in a virtual environment of the cache; the product never uses Python. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Path of a Python that has `packages` (pinned, e.g. `nibabel==5.4.2`); made on first use, reused afterwards. */
export function pythonWith(name, packages) {
  const cache = process.env.MASKLOOP_CACHE ?? join(homedir(), '.cache', 'maskloop');
  const folder = join(cache, `python-${name}`);
  const python = join(folder, 'bin', 'python');
  const run = (command, args) => {
    const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${status}`);
  };
  if (!existsSync(python)) run('python3', ['-m', 'venv', folder]);
  // pip itself answers at once when everything is installed
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  return python;
}

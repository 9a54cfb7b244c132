import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pythonWith, TEST_PACKAGES } from '../../scripts/setup/pythonPackages.mjs';
import { root } from './folds.mjs';

/**
 * Dice per label, measured by nibabel and numpy in the voxels of the truth.
 *
 * @param {string} truthFolder
 * @param {string} predictionFolder one file of the same name for each of the truth
 */
export async function heldOutDice(truthFolder, predictionFolder) {
  const { python, env } = await pythonWith('nibabel', TEST_PACKAGES);
  const script = join(root, 'bench/hippocampus/dice.py');
  const dice = spawnSync(python, [script, truthFolder, predictionFolder, '1', '2'], { encoding: 'utf8', env: { ...process.env, ...env } });
  if (dice.status !== 0) throw new Error(dice.stderr);
  return JSON.parse(dice.stdout);
}

/** How far a threshold may rise until a voxel no longer hangs together with a seed. */
import { voxelCount, type ShapeDhw } from '../../imaging/tensorShape.ts';

/**
 * For each voxel the largest value that a way of steps over faces from `seed` (a place in the volume) to it can keep: of the best way
 * its lowest voxel. Flooding from the highest level downwards, one bucket for each of 256 values.
 */
export function joinLevels(values: Uint8Array, shape: ShapeDhw, seed: number): Uint8Array<ArrayBuffer> {
  const levels = new Uint8Array(voxelCount(shape));
  const seen = new Uint8Array(levels.length);
  const waiting: number[][] = Array.from({ length: 256 }, () => []);
  const [plane, row] = [shape[1] * shape[2], shape[2]];
  let level = values[seed]!;
  const offer = (n: number): void => {
    if (seen[n]) return;
    seen[n] = 1;
    waiting[Math.min(level, values[n]!)]!.push(n);
  };
  offer(seed);
  while (level >= 0) {
    const n = waiting[level]!.pop();
    if (n === undefined) {
      level--;
      continue;
    }
    levels[n] = level;
    const [d, h, w] = [Math.floor(n / plane), Math.floor(n / row) % shape[1], n % row];
    if (d > 0) offer(n - plane);
    if (d + 1 < shape[0]) offer(n + plane);
    if (h > 0) offer(n - row);
    if (h + 1 < shape[1]) offer(n + row);
    if (w > 0) offer(n - 1);
    if (w + 1 < row) offer(n + 1);
  }
  return levels;
}

/** Where a map of uncertainty has its peaks. */
import { BYTES_PER_BIT } from '../../../main/contract/uncertainty.ts';

export interface UncertainPlace {
  readonly ijk: readonly [number, number, number];
  /** Mean over the voxels of the slice, in bits. */
  readonly meanBits: number;
}

/** Slices nearer than this share of the stack to a worse one count as part of it. */
const NEIGHBOURHOOD = 0.05;

/**
 * The slices along k that are less certain than all of their neighbourhood, the worst first, each with the middle of what
 * is uncertain in it. `breathe` is called between slices: the map may be large.
 */
export async function uncertainPlaces(
  map: Uint8Array,
  [ni, nj, nk]: readonly [number, number, number],
  breathe: () => Promise<void>,
): Promise<UncertainPlace[]> {
  const means = new Float64Array(nk);
  for (let k = 0; k < nk; k++) {
    means[k] = sumOf(map, k * ni * nj, ni * nj) / (ni * nj * BYTES_PER_BIT);
    await breathe();
  }
  const reach = Math.max(1, Math.round(nk * NEIGHBOURHOOD));
  const peaks: number[] = [];
  for (let k = 0; k < nk; k++) if (means[k]! > 0 && isPeak(means, k, reach)) peaks.push(k);
  peaks.sort((a, b) => means[b]! - means[a]!);
  return peaks.map((k) => ({ ijk: [...middleOf(map, k * ni * nj, ni, nj), k], meanBits: means[k]! }));
}

function sumOf(map: Uint8Array, begin: number, length: number): number {
  let sum = 0;
  for (let at = begin; at < begin + length; at++) sum += map[at]!;
  return sum;
}

/** Of equal neighbours the first. */
function isPeak(means: Float64Array, k: number, reach: number): boolean {
  for (let other = Math.max(0, k - reach); other <= Math.min(means.length - 1, k + reach); other++) {
    if (means[other]! > means[k]! || (other < k && means[other] === means[k])) return false;
  }
  return true;
}

/** Weighted by the square, so that a broad haze does not pull it away. */
function middleOf(map: Uint8Array, begin: number, ni: number, nj: number): [number, number] {
  let [sumI, sumJ, total] = [0, 0, 0];
  for (let j = 0, at = begin; j < nj; j++) {
    for (let i = 0; i < ni; i++, at++) {
      const weight = map[at]! ** 2;
      sumI += i * weight;
      sumJ += j * weight;
      total += weight;
    }
  }
  return [Math.round(sumI / total), Math.round(sumJ / total)];
}

/** The spacing that all cases are resampled to, in stored axes [D, H, W]. */
import type { DatasetFingerprint } from './fingerprint.ts';
import { medianTriple, percentile } from '../statistics.ts';

type Triple = [number, number, number];

const ANISOTROPY_LIMIT = 3;
/** So that the coarse axis stays the coarsest (v2). */
const JUST_COARSER_MM = 1e-5;

/** nnU-Net v2: median; a coarse axis of few slices takes the 10th percentile instead, never finer than the other axes. */
export function v2Spacing({ spacingsDhwMm, shapesAfterCropDhw }: DatasetFingerprint): Triple {
  const target = medianTriple(spacingsDhwMm);
  const size = medianTriple(shapesAfterCropDhw);
  const worst = coarsestAxis(target);
  const others = otherAxes(worst);
  const otherSpacing = Math.max(...others.map((axis) => target[axis]));
  const hasCoarseVoxels = target[worst] > ANISOTROPY_LIMIT * otherSpacing;
  const hasFewSlices = size[worst] * ANISOTROPY_LIMIT < Math.min(...others.map((axis) => size[axis]));
  if (hasCoarseVoxels && hasFewSlices) {
    const tenth = tenthPercentile(spacingsDhwMm, worst);
    target[worst] = tenth < otherSpacing ? otherSpacing + JUST_COARSER_MM : tenth;
  }
  return target;
}

/**
 * NVIDIA's seed: median; from a ratio of 3 on the coarsest axis takes its 10th percentile, as its README says. (Its code
 * takes the finest axis: `argmin` for `argmax`.)
 */
export function seedSpacing({ spacingsDhwMm }: DatasetFingerprint): Triple {
  const target = medianTriple(spacingsDhwMm);
  if (Math.max(...target) / Math.min(...target) < ANISOTROPY_LIMIT) return target;
  const worst = coarsestAxis(target);
  target[worst] = tenthPercentile(spacingsDhwMm, worst);
  return target;
}

/** Order of axes with the coarsest first. */
export function coarsestFirst(spacingMm: Readonly<Triple>): Triple {
  const worst = coarsestAxis(spacingMm);
  const [first, second] = otherAxes(worst);
  return [worst, first, second];
}

const coarsestAxis = (spacingMm: Readonly<Triple>) => spacingMm.indexOf(Math.max(...spacingMm)) as 0 | 1 | 2;

const otherAxes = (axis: 0 | 1 | 2) => [0, 1, 2].filter((other) => other !== axis) as [0 | 1 | 2, 0 | 1 | 2];

const tenthPercentile = (spacings: DatasetFingerprint['spacingsDhwMm'], axis: 0 | 1 | 2): number =>
  percentile(Float64Array.from(spacings, (spacing) => spacing[axis]).sort(), 10);

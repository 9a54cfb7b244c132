/** nnU-Net v2's `3d_lowres`: volumes so coarse that a patch sees a quarter of them. */
import { roundHalfEven } from '../../imaging/roundHalfEven.ts';
import type { PlanConfiguration } from './plan.ts';
import { planConfiguration, type DatasetFacts } from './planNetwork.ts';

const LEAST_PATCH_PART = 0.25;
const SPACING_STEP = 1.03;
/** A volume that shrinks by less is not worth a configuration of its own. */
const LEAST_REDUCTION = 2;

/** `null` when the full-resolution patch sees enough. Dice is taken per sample there. */
export function planLowres(fullres: PlanConfiguration, dataset: DatasetFacts): PlanConfiguration | null {
  const { spacingDhwMm: fine, medianShapeDhw: fineShape } = dataset;
  const fineVoxels = fineShape[0] * fineShape[1] * fineShape[2];
  let voxels = fineVoxels;
  let spacing = fine;
  let configuration = fullres;
  while (voxelsOf(configuration.patch) / voxels < LEAST_PATCH_PART) {
    spacing = coarser(spacing);
    const exact = [0, 1, 2].map((axis) => (fine[axis]! / spacing[axis]!) * fineShape[axis]!);
    voxels = voxelsOf(exact);
    const shape = exact.map(roundHalfEven) as [number, number, number];
    configuration = planConfiguration('3d_lowres', { ...dataset, spacingDhwMm: spacing, medianShapeDhw: shape }, voxels);
  }
  return configuration !== fullres && fineVoxels / voxels >= LEAST_REDUCTION ? configuration : null;
}

/** First the axes that are more than twice as fine as the coarsest, then all. */
function coarser(spacing: DatasetFacts['spacingDhwMm']): [number, number, number] {
  const coarsest = Math.max(...spacing);
  const hasFineAxis = spacing.some((mm) => coarsest / mm > 2);
  const along = (axis: 0 | 1 | 2) => (!hasFineAxis || coarsest / spacing[axis] > 2 ? spacing[axis] * SPACING_STEP : spacing[axis]);
  return [along(0), along(1), along(2)];
}

const voxelsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

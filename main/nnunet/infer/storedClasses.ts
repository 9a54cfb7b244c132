/** The way back: logits in the network's space, plane by plane, to classes on the grid the case is stored on. */
import { emptyLabels, labelTypeUpTo } from '../../contract/labelType.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { uncropVolume } from '../../imaging/crop.ts';
import { resamplePlanes } from '../../imaging/resamplePlanes.ts';
import { resizingRules } from '../../imaging/separateSlices.ts';
import { inverseOrder, transposeVolume, voxelCount } from '../../imaging/tensorShape.ts';
import { decideClasses, toProbabilities } from './classDecision.ts';
import type { Plan } from '../plan/plan.ts';
import type { CaseGeometry } from '../preprocess/preprocess.ts';

export const outputCountOf = (plan: Plan): number => plan.regions?.length ?? plan.classes.length + 1;

/** Logits at the cropped case's own spacing, axes as transposed: order 1, separate slices where the spacing is anisotropic (v2). */
export function logitsOnCroppedGrid(planes: AsyncIterable<Float32Array>, geometry: CaseGeometry, plan: Plan): AsyncGenerator<Float32Array, void, undefined> {
  const { croppedShapeDhw, croppedSpacingMm, shapeDhw, spacingMm } = geometry;
  const rules = resizingRules(spacingMm, croppedSpacingMm, 'linear');
  return resamplePlanes(planes, outputCountOf(plan), shapeDhw, croppedShapeDhw, rules);
}

/** The same planes as probabilities, in their own memory. */
export async function* probabilityPlanes(logits: AsyncIterable<Float32Array>, plan: Plan): AsyncGenerator<Float32Array, void, undefined> {
  for await (const plane of logits) {
    toProbabilities(plane, outputCountOf(plan), plan.regions);
    yield plane;
  }
}

/**
 * Classes on the stored grid, background outside the crop; null when `planes` ends before the last one. `threshold` is 0
 * for logits, ½ for probabilities.
 */
export async function classesOnStoredGrid(
  planes: AsyncIterable<Float32Array>,
  geometry: CaseGeometry,
  plan: Plan,
  threshold: 0 | 0.5,
): Promise<LabelArray | null> {
  const [depth, height, width] = geometry.croppedShapeDhw;
  const classes = emptyLabels(labelTypeUpTo(plan.classes.length), voxelCount(geometry.croppedShapeDhw));
  let d = 0;
  for await (const plane of planes) decideClasses(plane, outputCountOf(plan), plan.regions, threshold, classes, d++ * height * width);
  return d === depth ? onStoredGrid(classes, geometry, plan) : null;
}

/** A volume of the cropped case with axes as transposed, on the stored grid; `outside` fills what was cropped away. */
export function onStoredGrid<A extends Uint8Array | Uint16Array | Float32Array>(values: A, geometry: CaseGeometry, plan: Plan, outside = 0): A {
  const inStoredAxes = transposeVolume(values, geometry.croppedShapeDhw, inverseOrder(plan.transposeForward));
  return uncropVolume(inStoredAxes, geometry.storedShapeDhw, geometry.cropBox, outside);
}

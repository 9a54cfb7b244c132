/**
 * A stored volume into the space the network sees, and label maps back: crop to non-zero → transpose → normalise →
 * resample (normalising first, so that masks still fit).
 */
import { z } from 'zod';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { boundingBox, boxShape, cropVolume, nonZeroMask } from '../imaging/crop.ts';
import { normalizeChannel } from '../imaging/normalize.ts';
import { resampleImage } from '../imaging/resample.ts';
import { resampleLabels } from '../imaging/resampleLabels.ts';
import { resizedShape } from '../imaging/resizedShape.ts';
import { resizingRules } from '../imaging/separateSlices.ts';
import { transposedShape, transposeVolume, voxelCount } from '../imaging/tensorShape.ts';
import type { Volume } from '../imaging/volume.ts';
import { gridShapeDhw, gridSpacingDhwMm } from './gridDhw.ts';
import type { Plan, PlanConfiguration } from './plan.ts';

const Triple = z.tuple([z.number(), z.number(), z.number()]).readonly();

/** How to get from the stored grid to the network's and back. */
export const CaseGeometry = z.object({
  storedShapeDhw: Triple,
  /** In stored axes. */
  cropBox: z.object({ begin: Triple, end: Triple }),
  /** After cropping and transposing, before resampling. */
  croppedShapeDhw: Triple,
  croppedSpacingMm: Triple,
  /** What the network sees. */
  shapeDhw: Triple,
  spacingMm: Triple,
});
export type CaseGeometry = z.infer<typeof CaseGeometry>;

export interface PreprocessedImage {
  readonly geometry: CaseGeometry;
  /** Channel after channel, each [D, H, W] of `geometry.shapeDhw`. */
  readonly image: Float32Array;
}

/** Channels must lie on one grid and be as many as the plan's; anything else is the caller's mistake and throws. */
export function preprocessImage(
  channels: readonly Volume[],
  plan: Plan,
  configuration: PlanConfiguration,
): PreprocessedImage {
  if (channels.length !== plan.channels.length) throw new Error(`${channels.length} channels, planned ${plan.channels.length}`);
  const { grid } = channels[0]!;
  const stored = gridShapeDhw(grid);
  const mask = nonZeroMask(
    channels.map(({ voxels }) => voxels),
    stored,
  );
  const cropBox = boundingBox(mask, stored);
  const cropped = boxShape(cropBox);
  const croppedShapeDhw = transposedShape(cropped, plan.transposeForward);
  const croppedSpacingMm = transposedShape(gridSpacingDhwMm(grid), plan.transposeForward);
  const [slices, rows, columns] = configuration.spacingDhwMm;
  const spacingMm = [slices ?? croppedSpacingMm[0], rows, columns] as const;
  const shapeDhw = resizedShape(croppedShapeDhw, croppedSpacingMm, spacingMm);
  const rules = resizingRules(croppedSpacingMm, spacingMm, 'cubic');
  const croppedMask = plan.channels.some(({ insideMaskOnly }) => insideMaskOnly)
    ? transposeVolume(cropVolume(mask, stored, cropBox), cropped, plan.transposeForward)
    : undefined;
  const image = new Float32Array(channels.length * voxelCount(shapeDhw));
  channels.forEach(({ voxels }, index) => {
    const channel = plan.channels[index]!;
    const raw = transposeVolume(cropVolume(voxels, stored, cropBox), cropped, plan.transposeForward);
    const normalized = normalizeChannel(raw, channel.normalization, channel, channel.insideMaskOnly ? croppedMask : undefined);
    image.set(resampleImage(normalized, croppedShapeDhw, shapeDhw, rules), index * voxelCount(shapeDhw));
  });
  return {
    geometry: { storedShapeDhw: stored, cropBox, croppedShapeDhw, croppedSpacingMm, shapeDhw, spacingMm },
    image,
  };
}

/** Network class per label value: `table[labelValue]`, 255 where the plan knows no such label. */
export const UNKNOWN_CLASS = 255;
export function classByLabelValue(plan: Plan): Uint8Array {
  const table = new Uint8Array(256).fill(UNKNOWN_CLASS);
  table[0] = 0;
  plan.classes.forEach(({ labelValue }, n) => (table[labelValue] = n + 1));
  return table;
}

/** Label values as network classes. Returns the first label value that the plan does not know instead, if any. */
export function classesOfLabels(
  labels: Uint8Array,
  plan: Plan,
): { readonly ok: true; readonly classes: Uint8Array } | { readonly ok: false; readonly labelValue: number } {
  const table = classByLabelValue(plan);
  const classes = new Uint8Array(labels.length);
  for (let n = 0; n < labels.length; n++) {
    const value = table[labels[n]!]!;
    if (value === UNKNOWN_CLASS) return { ok: false, labelValue: labels[n]! };
    classes[n] = value;
  }
  return { ok: true, classes };
}

/** Classes on the stored grid → classes in the network's space. */
export function preprocessClasses<A extends LabelArray>(classes: A, geometry: CaseGeometry, plan: Plan): A {
  const { storedShapeDhw, cropBox, croppedShapeDhw, croppedSpacingMm, shapeDhw, spacingMm } = geometry;
  const cropped = cropVolume(classes, storedShapeDhw, cropBox);
  const transposed = transposeVolume(cropped, boxShape(cropBox), plan.transposeForward);
  return resampleLabels(transposed, croppedShapeDhw, shapeDhw, resizingRules(croppedSpacingMm, spacingMm, 'linear'));
}

/** Network classes → label values of the legend; 16 bits only where a label value needs them. */
export function labelsOfClasses(classes: LabelArray, plan: Plan): LabelArray {
  const values = [0, ...plan.classes.map(({ labelValue }) => labelValue)];
  const table = Uint16Array.from(values);
  const labels = new (Math.max(...values) > 255 ? Uint16Array : Uint8Array)(classes.length);
  for (let n = 0; n < labels.length; n++) labels[n] = table[classes[n]!]!;
  return labels;
}

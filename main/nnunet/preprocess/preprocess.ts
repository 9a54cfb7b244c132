/**
 * A stored volume into the space the network sees, and label maps back. v2: crop to non-zero → transpose → normalise →
 * resample (normalising first, so that masks still fit). Seed: it resamples first and takes the z-score over what is not
 * zero then; anisotropic from a ratio of 3 on; 2D never resampled; padding to the patch is what windows do anyway.
 * Not copied from the seed: its crop to intensities above 0, its truncated sizes, one modality for all channels.
 */
import { z } from 'zod';
import { emptyLabels, labelTypeOf, labelTypeUpTo } from '../../contract/labelType.ts';
import { type Grid, LARGEST_LABEL_VALUE } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { boundingBox, boxShape, cropVolume, nonZeroMask } from '../../imaging/crop.ts';
import { normalizeChannel } from '../../imaging/normalize.ts';
import { resampleImage } from '../../imaging/resample.ts';
import { resampleLabels } from '../../imaging/resampleLabels.ts';
import { resizedShape } from '../../imaging/resizedShape.ts';
import { resizingRules, type AnisotropyRule } from '../../imaging/separateSlices.ts';
import { type ShapeDhw, transposedShape, transposeVolume, voxelCount } from '../../imaging/tensorShape.ts';
import type { Volume, VoxelArray } from '../../imaging/volume.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../gridDhw.ts';
import type { Plan, PlanConfiguration, PlannedChannel } from '../plan/plan.ts';
import type { ClassArray } from '../train/trainingCase.ts';

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
  /**
   * The non-zero mask, cropped and transposed but not resampled: for `preprocessLabels`. `null` for the seed, which has
   * none after cropping.
   */
  readonly croppedMask: Uint8Array | null;
}

/** Channels must lie on one grid and be as many as the plan's; anything else is the caller's mistake and throws. */
export function preprocessImage(channels: readonly Volume[], plan: Plan, configuration: PlanConfiguration): PreprocessedImage {
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
  const spacingMm = targetSpacing(plan, configuration, croppedSpacingMm);
  const shapeDhw = resizedShape(croppedShapeDhw, croppedSpacingMm, spacingMm);
  const rules = resizingRules(croppedSpacingMm, spacingMm, 'cubic', anisotropyRule(plan));
  const intoOrder = <A extends VoxelArray>(values: A): A => transposeVolume(cropVolume(values, stored, cropBox), cropped, plan.transposeForward);
  const croppedMask = plan.preset === 'seed' ? null : intoOrder(mask);
  const image = new Float32Array(channels.length * voxelCount(shapeDhw));
  channels.forEach(({ voxels }, index) => {
    const resample = (values: Float32Array): Float32Array => resampleImage(values, croppedShapeDhw, shapeDhw, rules);
    const planned = plan.channels[index]!;
    const raw = intoOrder(voxels);
    const done = plan.preset === 'seed' ? seedNormalized(resample(Float32Array.from(raw)), planned) : resample(v2Normalized(raw, planned, croppedMask));
    image.set(done, index * voxelCount(shapeDhw));
  });
  return { geometry: { storedShapeDhw: stored, cropBox, croppedShapeDhw, croppedSpacingMm, shapeDhw, spacingMm }, image, croppedMask };
}

function targetSpacing(plan: Plan, configuration: PlanConfiguration, current: [number, number, number]): [number, number, number] {
  if (plan.preset === 'seed' && configuration.name === '2d') return current;
  const [slices, rows, columns] = configuration.spacingDhwMm;
  return [slices ?? current[0], rows, columns];
}

/** Before a case is read: its shape as stored (axes as transposed) and in the network's space, both at most, for cropping makes them smaller. */
export function expectedShapes(grid: Grid, plan: Plan, configuration: PlanConfiguration): { storedShapeDhw: ShapeDhw; shapeDhw: ShapeDhw } {
  const storedShapeDhw = transposedShape(gridShapeDhw(grid), plan.transposeForward);
  const spacingMm = transposedShape(gridSpacingDhwMm(grid), plan.transposeForward);
  return { storedShapeDhw, shapeDhw: resizedShape(storedShapeDhw, spacingMm, targetSpacing(plan, configuration, spacingMm)) };
}

const anisotropyRule = ({ preset }: Plan): AnisotropyRule => (preset === 'seed' ? 'from3' : 'above3');

function v2Normalized(values: VoxelArray, channel: PlannedChannel, mask: Uint8Array | null): Float32Array {
  return normalizeChannel(values, channel.normalization, channel, channel.insideMaskOnly && mask ? mask : undefined);
}

/** The mask is this channel's own voxels that are not zero, holes and all. */
function seedNormalized(values: Float32Array, channel: PlannedChannel): Float32Array {
  return normalizeChannel(
    values,
    channel.normalization,
    channel,
    channel.insideMaskOnly ? Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)) : undefined,
  );
}

/** Network class per label value: `table[labelValue]`, `UNKNOWN_CLASS` where the plan knows no such label. */
const UNKNOWN_CLASS = -1;
function classByLabelValue(plan: Plan): Int32Array {
  const table = new Int32Array(LARGEST_LABEL_VALUE + 1).fill(UNKNOWN_CLASS);
  table[0] = 0;
  plan.classes.forEach(({ labelValue }, n) => (table[labelValue] = n + 1));
  if (plan.ignoreLabelValue !== null && plan.ignoreClass !== null) table[plan.ignoreLabelValue] = plan.ignoreClass;
  return table;
}

/**
 * Label values as network classes, in 8 bits where those of the plan fit. Returns the first label value that the plan does
 * not know instead, if any.
 */
export function classesOfLabels(
  labels: LabelArray,
  plan: Plan,
): { readonly ok: true; readonly classes: ClassArray } | { readonly ok: false; readonly labelValue: number } {
  const table = classByLabelValue(plan);
  const classes = emptyLabels(labelTypeUpTo(plan.ignoreClass ?? plan.classes.length), labels.length);
  for (let n = 0; n < labels.length; n++) {
    const value = table[labels[n]!]!;
    if (value === UNKNOWN_CLASS) return { ok: false, labelValue: labels[n]! };
    classes[n] = value;
  }
  return { ok: true, classes };
}

function croppedAndTransposed<A extends ClassArray>(values: A, { storedShapeDhw, cropBox }: CaseGeometry, plan: Plan): A {
  return transposeVolume(cropVolume(values, storedShapeDhw, cropBox), boxShape(cropBox), plan.transposeForward);
}

function resampledLabels<A extends ClassArray>(values: A, geometry: CaseGeometry, plan: Plan): A {
  const { croppedShapeDhw, croppedSpacingMm, shapeDhw, spacingMm } = geometry;
  const rules = resizingRules(croppedSpacingMm, spacingMm, 'linear', anisotropyRule(plan));
  return resampleLabels(values, croppedShapeDhw, shapeDhw, rules, plan.preset === 'seed' ? 'half' : 'most');
}

export interface PreprocessedLabels<A extends ClassArray> {
  /** Network classes in the network's space. */
  readonly classes: A;
  /** 1 inside the non-zero mask or where a class is painted; v2's label −1 is what remains. `null` without a mask. */
  readonly inside: Uint8Array | null;
}

/** Classes on the stored grid → the network's space. What lies outside the mask is resampled as a label of its own, below background. */
export function preprocessLabels<A extends ClassArray>(classes: A, croppedMask: Uint8Array | null, geometry: CaseGeometry, plan: Plan): PreprocessedLabels<A> {
  const cropped = croppedAndTransposed(classes, geometry, plan);
  if (!croppedMask) return { classes: resampledLabels(cropped, geometry, plan), inside: null };
  const raised = Uint16Array.from(cropped, (value, n) => (value === 0 && croppedMask[n] === 0 ? 0 : value + 1));
  const resampled = resampledLabels(raised, geometry, plan);
  const lowered = new (classes.constructor as new (count: number) => A)(resampled.length);
  for (let n = 0; n < lowered.length; n++) lowered[n] = Math.max(0, resampled[n]! - 1);
  return { classes: lowered, inside: Uint8Array.from(resampled, (value) => (value > 0 ? 1 : 0)) };
}

/** Network classes → label values of the legend; 16 bits only where a label value needs them. */
export function labelsOfClasses(classes: LabelArray, plan: Plan): LabelArray {
  const table = Uint16Array.from([0, ...plan.classes.map(({ labelValue }) => labelValue)]);
  const labels = emptyLabels(labelTypeOf(plan.classes), classes.length);
  for (let n = 0; n < labels.length; n++) labels[n] = table[classes[n]!]!;
  return labels;
}

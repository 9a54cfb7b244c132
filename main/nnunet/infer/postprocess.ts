/**
 * Post-processing by connected components, `postprocessing.json`, and how nnU-Net v2 decides it on predictions of the
 * cross-validation: first "only the largest component of all foreground", then the same class by class.
 */
import { z } from 'zod';
import { keepLargestComponent, type LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { summarizeDice, type DiceSummary } from '../metrics/diceOfCases.ts';

/** Steps in order; each keeps only the largest 26-connected component of the union of its network classes. */
export const Postprocessing = z.object({ version: z.literal(1), steps: z.array(z.object({ keepLargestOf: z.array(z.int().positive()).min(1) })) });
export type Postprocessing = z.infer<typeof Postprocessing>;

/** A new array, or `classes` itself when no step changes anything. */
export function applyPostprocessing(classes: LabelArray, shape: ShapeDhw, { steps }: Postprocessing): LabelArray {
  return steps.reduce((current, { keepLargestOf }) => keepLargestComponent(current, shape, keepLargestOf), classes);
}

/** v2: the mean over the foreground must rise, and no class may drop. */
export function acceptsForegroundStep(before: DiceSummary, after: DiceSummary): boolean {
  return after.mean > before.mean && !after.perClass.some((dice, index) => dice < before.perClass[index]!);
}

export interface PredictedCase {
  readonly shapeDhw: ShapeDhw;
  /** Network classes. */
  readonly predicted: LabelArray;
  /** Network classes; may hold the ignore class. */
  readonly truth: LabelArray;
}

export interface PostprocessingDecision {
  readonly postprocessing: Postprocessing;
  /** Mean over the cases per group. */
  readonly before: DiceSummary;
  readonly after: DiceSummary;
}

/**
 * Decides on `count` cases, loaded one at a time and once for every candidate, so that memory holds one of them.
 * `groups` are what is scored and tried: one class each, or the classes of each region in the plan's order. Later groups
 * are judged on top of the steps accepted before them. Voxels whose truth is `ignoreClass` do not count.
 */
export async function decidePostprocessing(
  count: number,
  load: (index: number) => Promise<PredictedCase>,
  groups: readonly (readonly number[])[],
  ignoreClass: number | null,
): Promise<PostprocessingDecision> {
  const scored = async (steps: Postprocessing['steps']): Promise<DiceSummary> => {
    const cases: number[][] = [];
    for (let index = 0; index < count; index++) {
      const { shapeDhw, predicted, truth } = await load(index);
      cases.push(diceOfGroups(applyPostprocessing(predicted, shapeDhw, { version: 1, steps }), truth, groups, ignoreClass));
    }
    return summarizeDice(cases);
  };
  const before = await scored([]);
  let steps: Postprocessing['steps'] = [];
  let current = before;
  const foreground = [{ keepLargestOf: [...new Set(groups.flat())].sort((a, b) => a - b) }];
  const afterForeground = await scored(foreground);
  if (acceptsForegroundStep(before, afterForeground)) [steps, current] = [foreground, afterForeground];
  // with one group this would be the same step again
  for (const [index, group] of groups.length > 1 ? groups.entries() : []) {
    const candidate = [...steps, { keepLargestOf: [...group] }];
    const after = await scored(candidate);
    if (after.perClass[index]! > current.perClass[index]!) [steps, current] = [candidate, after];
  }
  return { postprocessing: { version: 1, steps }, before, after: current };
}

/** Dice of each union of classes; NaN where neither map has any of it. Voxels with truth `ignoreClass` are left out. */
export function diceOfGroups(predicted: LabelArray, truth: LabelArray, groups: readonly (readonly number[])[], ignoreClass: number | null): number[] {
  const size = Math.max(ignoreClass ?? 0, ...groups.flat()) + 2; // the last column stands for every other class
  const joint = new Float64Array(size * size);
  for (let n = 0; n < truth.length; n++) {
    const t = truth[n]!;
    const p = predicted[n]!;
    joint[(t < size ? t : size - 1) * size + (p < size ? p : size - 1)]!++;
  }
  return groups.map((group) => {
    const has = Uint8Array.from({ length: size }, (_, n) => Number(group.includes(n)));
    let [both, sum] = [0, 0];
    for (let t = 0; t < size; t++) {
      if (t === ignoreClass) continue;
      for (let p = 0; p < size; p++) {
        const voxels = joint[t * size + p]!;
        both += voxels * has[t]! * has[p]!;
        sum += voxels * (has[t]! + has[p]!);
      }
    }
    return (2 * both) / sum;
  });
}

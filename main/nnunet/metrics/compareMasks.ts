/** What a person changed about a prediction, in a few figures. */
import type { ComparedMask, MaskChange } from '../../contract/effort.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { evaluateCase, labelValuesIn } from './evaluateCase.ts';

export interface MasksToCompare {
  /** Label values [D, H, W] of `shapeDhw`, both. */
  readonly accepted: LabelArray;
  readonly predicted: LabelArray | null;
  readonly shapeDhw: ShapeDhw;
  readonly spacingDhwMm: ShapeDhw;
  /** Where it is accepted, nothing is said about the prediction. */
  readonly ignoreLabelValue: number | null;
}

export function compareMasks(masks: MasksToCompare): ComparedMask {
  const { accepted, predicted, ignoreLabelValue } = masks;
  return { labels: voxelCounts(accepted, ignoreLabelValue), change: predicted && changeOf(masks, predicted) };
}

function changeOf({ accepted, shapeDhw, spacingDhwMm, ignoreLabelValue }: MasksToCompare, predicted: LabelArray): MaskChange {
  let voxelsChanged = 0;
  for (let n = 0; n < accepted.length; n++) if (accepted[n] !== predicted[n] && accepted[n] !== ignoreLabelValue) voxelsChanged++;
  const structures = labelValuesIn(accepted, predicted)
    .filter((label) => label !== ignoreLabelValue)
    .map((label) => ({ labelValues: [label] }));
  const figures = evaluateCase({ predicted, truth: accepted, shapeDhw, spacingDhwMm }, { structures, absentScoresOne: false, ignoreLabel: ignoreLabelValue });
  return {
    voxelsChanged,
    dice: meanOrNull(figures.map(({ dice }) => dice)),
    assdMm: meanOrNull(figures.map(({ assdMm }) => assdMm)),
    hd95Mm: meanOrNull(figures.map(({ hd95Mm }) => hd95Mm)),
  };
}

function voxelCounts(accepted: LabelArray, ignoreLabelValue: number | null): ComparedMask['labels'] {
  const counts = new Map<number, number>();
  for (let n = 0; n < accepted.length; n++) {
    const label = accepted[n]!;
    if (label !== 0 && label !== ignoreLabelValue) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([a], [b]) => a - b).map(([labelValue, voxelCount]) => ({ labelValue, voxelCount }));
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

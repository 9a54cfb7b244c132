/** The user's label values as network classes, regions and ignore class. */
import type { LabelRules, Segment } from '../../contract/vocabulary.ts';
import type { Plan } from './plan.ts';

type PlannedLabels = Pick<Plan, 'classes' | 'regions' | 'ignoreClass' | 'ignoreLabelValue'>;

/**
 * `hasUnknown`: some masks leave voxels unknown, so there is a class to ignore even where no label means it. Throws when a
 * region names a label that the legend lacks: the services keep both together.
 */
export function planLabels(legend: readonly Segment[], { regions, ignoreLabelValue }: LabelRules, hasUnknown = false): PlannedLabels {
  const classes = legend
    .filter(({ labelValue }) => labelValue !== ignoreLabelValue)
    .sort((a, b) => a.labelValue - b.labelValue)
    .map(({ labelValue, name }) => ({ labelValue, name }));
  const classOf = (labelValue: number): number => {
    const index = classes.findIndex((one) => one.labelValue === labelValue);
    if (index < 0) throw new Error(`a region names the label ${labelValue}, which the legend lacks`);
    return index + 1;
  };
  return {
    classes,
    regions:
      regions?.map(({ name, labelValues, paintsLabelValue }) => ({ name, classes: labelValues.map(classOf), paintsClass: classOf(paintsLabelValue) })) ?? null,
    ignoreClass: ignoreLabelValue === null && !hasUnknown ? null : classes.length + 1,
    ignoreLabelValue,
  };
}

/** A plan that was made before any mask left voxels unknown can ignore them too: the network has no output for them. */
export const ignoringUnknown = <P extends PlannedLabels>(plan: P): P => ({ ...plan, ignoreClass: plan.ignoreClass ?? plan.classes.length + 1 });

/** Entries of nnU-Net's `labels` in dataset.json, background and ignore included: what its memory estimate counts as outputs. */
export function countedOutputs({ classes, regions, ignoreClass }: PlannedLabels): number {
  return 1 + (regions ?? classes).length + (ignoreClass === null ? 0 : 1);
}

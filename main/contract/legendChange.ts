/** Changes of a project's legend that its masks follow. Pure. */
import { z } from 'zod';
import { CaseId, LabelValue, Revision, Segment, type LabelRegion, type LabelRules } from './vocabulary.ts';

export const LegendOperation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), segment: Segment }),
  z.object({ op: z.literal('rename'), labelValue: LabelValue, name: Segment.shape.name }),
  z.object({ op: z.literal('recolour'), labelValue: LabelValue, colorRgb: Segment.shape.colorRgb }),
  /** Every voxel of `labelValue` becomes `into`. */
  z.object({ op: z.literal('merge'), labelValue: LabelValue, into: LabelValue }),
  /** Every voxel of it becomes background. */
  z.object({ op: z.literal('remove'), labelValue: LabelValue }),
]);
export type LegendOperation = z.infer<typeof LegendOperation>;

/** Of each label value that goes, what its voxels become. */
export const ValueMap = z.array(z.object({ from: LabelValue, to: z.union([z.literal(0), LabelValue]) }));
export type ValueMap = z.infer<typeof ValueMap>;

/** The masks of a project after a change of its legend. */
export const MigrateLabelsTask = z.object({
  task: z.literal('migrateLabels'),
  valueMap: ValueMap.min(1),
  /** After the change. */
  legend: z.array(Segment),
  cases: z.array(
    z.object({
      caseId: CaseId,
      /** Even where no voxel changes: what is known of the mask does. */
      always: z.boolean(),
      revisions: z.array(z.object({ revision: Revision, labelFile: z.string(), outputFile: z.string() })).min(1),
    }),
  ),
});
export type MigrateLabelsTask = z.infer<typeof MigrateLabelsTask>;

interface Labels {
  readonly legend: readonly Segment[];
  readonly labelRules: LabelRules;
}
export interface LegendChange extends Labels {
  readonly valueMap: ValueMap;
  /** Why it cannot be done, one sentence each. */
  readonly issues: readonly string[];
}

export function changeLegend(before: Labels, operations: readonly LegendOperation[]): LegendChange {
  let change: LegendChange = { ...before, valueMap: [], issues: [] };
  for (const operation of operations) change = applied(change, operation);
  return change;
}

function applied(change: LegendChange, operation: LegendOperation): LegendChange {
  const refuse = (issue: string): LegendChange => ({ ...change, issues: [...change.issues, issue] });
  const { legend, labelRules } = change;
  const find = (labelValue: number) => legend.find((segment) => segment.labelValue === labelValue);
  if (operation.op === 'add') {
    const { segment } = operation;
    const taken = find(segment.labelValue) ?? legend.find(({ name }) => name === segment.name);
    return taken ? refuse(`label ${taken.labelValue} is ${taken.name} already`) : { ...change, legend: [...legend, segment] };
  }
  const segment = find(operation.labelValue);
  if (!segment) return refuse(`label ${operation.labelValue} is not in the legend`);
  const { op, labelValue } = operation;
  const withSegment = (fresh: Segment): LegendChange => ({ ...change, legend: legend.map((one) => (one === segment ? fresh : one)) });
  if (op === 'rename') return withSegment({ ...segment, name: operation.name });
  if (op === 'recolour') return withSegment({ ...segment, colorRgb: operation.colorRgb });
  const into = op === 'merge' ? operation.into : 0;
  if (into === labelValue) return refuse(`${segment.name} cannot be merged into itself`);
  if (into !== 0 && !find(into)) return refuse(`label ${into} is not in the legend`);
  if (legend.length === 1) return refuse(`${segment.name} is the only label`);
  if (labelValue === labelRules.ignoreLabelValue || (into !== 0 && into === labelRules.ignoreLabelValue))
    return refuse(
      `${(labelValue === labelRules.ignoreLabelValue ? segment : find(into)!).name} marks voxels of which nothing is known; such a label cannot be merged or removed`,
    );
  const regions = labelRules.regions?.map((region) => regionWithout(region, labelValue, into, segment.name)) ?? null;
  const issues = (regions ?? []).filter((one) => typeof one === 'string');
  return {
    legend: legend.filter((one) => one !== segment),
    labelRules: { ...labelRules, regions: regions && regions.filter((one) => typeof one !== 'string') },
    // what was merged into the label before goes on with it
    valueMap: [...change.valueMap.map(({ from, to }) => ({ from, to: to === labelValue ? into : to })), { from: labelValue, to: into }],
    issues: [...change.issues, ...issues],
  };
}

/** The region after the change, or why it would become another one. */
function regionWithout(region: LabelRegion, labelValue: number, into: number, name: string): LabelRegion | string {
  const { labelValues, paintsLabelValue } = region;
  const has = labelValues.includes(labelValue);
  if (!has && paintsLabelValue !== labelValue && (into === 0 || !labelValues.includes(into))) return region;
  if (into !== 0 && has !== labelValues.includes(into))
    return `the region ${region.name} has only one of the labels that ${name} is merged with; change the region first`;
  const left = labelValues.filter((value) => value !== labelValue);
  const paints = paintsLabelValue === labelValue ? into : paintsLabelValue;
  if (left.length === 0 || paints === 0) return `the region ${region.name} would have nothing left to learn or to paint; change the region first`;
  return { ...region, labelValues: left, paintsLabelValue: paints };
}

/** The labels that a mask knew, after the change; a label of which a part was not looked for is not known. `null`: none is left. */
export function knownAfter(knownLabels: readonly number[], valueMap: ValueMap): number[] | null {
  const gone = new Set(valueMap.map(({ from }) => from));
  const doubtful = new Set(valueMap.filter(({ from }) => !knownLabels.includes(from)).map(({ to }) => to as number));
  const left = knownLabels.filter((value) => !gone.has(value) && !doubtful.has(value));
  return left.length > 0 ? left : null;
}

/**
 * `dataset.json` of nnU-Net v2 for a legend of ours. nnU-Net wants label values without gaps, the label of unknown voxels
 * last under the name `ignore`, and as soon as one region joins labels every label in some region. Pure.
 */
import type { LabelRules, Segment } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';

export interface DatasetLabels {
  /** Name → value, or → the values of a region; `background` first. */
  readonly labels: Readonly<Record<string, number | readonly number[]>>;
  /** Which value each region paints, in the order of `labels` without background and ignore. */
  readonly regionsClassOrder: readonly number[] | null;
  /** Label value in the project → in the data set. */
  readonly valueOf: ReadonlyMap<number, number>;
  /** `null`: every voxel of every mask is known. */
  readonly ignoreValue: number | null;
}

/** `hasUnknown`: some mask leaves voxels unknown, so that `ignore` is needed though the project has no label for it. */
export function datasetLabels(legend: readonly Segment[], { regions, ignoreLabelValue }: LabelRules, hasUnknown: boolean): DatasetLabels {
  const real = legend.filter(({ labelValue }) => labelValue !== ignoreLabelValue).sort((a, b) => a.labelValue - b.labelValue);
  const valueOf = new Map(real.map(({ labelValue }, n) => [labelValue, n + 1]));
  const ignoreValue = hasUnknown || ignoreLabelValue !== null ? real.length + 1 : null;
  const names = new UniqueNames(['background', 'ignore']);
  const labels = new Map<string, number | readonly number[]>([['background', 0]]);
  const order: number[] = [];
  if (regions === null) for (const { labelValue, name } of real) labels.set(names.take(name), valueOf.get(labelValue)!);
  else {
    const inSome = new Set(regions.flatMap(({ labelValues }) => labelValues));
    const alone = real
      .filter(({ labelValue }) => !inSome.has(labelValue))
      .map(({ labelValue, name }) => ({ name, labelValues: [labelValue], paintsLabelValue: labelValue }));
    for (const { name, labelValues, paintsLabelValue } of [...regions, ...alone]) {
      const values = labelValues.map((value) => valueOf.get(value)!);
      labels.set(names.take(name), values.length === 1 ? values[0]! : values);
      order.push(valueOf.get(paintsLabelValue)!);
    }
  }
  if (ignoreValue !== null) labels.set('ignore', ignoreValue);
  if (ignoreValue !== null && ignoreLabelValue !== null) valueOf.set(ignoreLabelValue, ignoreValue);
  // nnU-Net takes labels for regions only where one of them joins several
  const joins = [...labels.values()].some((value) => typeof value !== 'number');
  return { labels: Object.fromEntries(labels), regionsClassOrder: regions !== null && joins ? order : null, valueOf, ignoreValue };
}

/** Keys of a JSON object: a second `liver` becomes `liver_2`. */
class UniqueNames {
  readonly #taken: Set<string>;
  constructor(reserved: readonly string[]) {
    this.#taken = new Set(reserved);
  }
  take(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#taken.has(name); n++) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
}

/** Values without a place in the data set, which no legend has, become background. */
export function renumbered(voxels: LabelArray, valueOf: ReadonlyMap<number, number>): LabelArray {
  const highest = Math.max(0, ...valueOf.values());
  const table = new Uint16Array(2 ** (8 * voxels.BYTES_PER_ELEMENT));
  for (const [from, to] of valueOf) if (from < table.length) table[from] = to;
  const result = highest > 255 ? new Uint16Array(voxels.length) : new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) result[n] = table[voxels[n]!]!;
  return result;
}

export interface DatasetFacts {
  readonly name: string;
  readonly channelNames: readonly string[];
  readonly labels: DatasetLabels;
  readonly trainingCount: number;
  readonly softwareVersion: string;
}

export function datasetJson({ name, channelNames, labels, trainingCount, softwareVersion }: DatasetFacts): string {
  const { labels: byName, regionsClassOrder } = labels;
  const value = {
    name,
    channel_names: Object.fromEntries(channelNames.map((channel, n) => [String(n), channel])),
    labels: byName,
    ...(regionsClassOrder && { regions_class_order: regionsClassOrder }),
    numTraining: trainingCount,
    file_ending: '.nii.gz',
    description: `Written by Maskloop ${softwareVersion}`,
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** nnU-Net's `splits_final.json`; cases held out in no fold are trained on in all of them. */
export function splitsJson(heldOutIn: Readonly<Record<string, number | null>>, caseIds: readonly string[]): string | null {
  const folds = caseIds.flatMap((id) => (typeof heldOutIn[id] === 'number' ? [heldOutIn[id]] : []));
  if (folds.length === 0) return null;
  const sorted = [...caseIds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const splits = Array.from({ length: Math.max(...folds) + 1 }, (_, fold) => ({
    train: sorted.filter((id) => heldOutIn[id] !== fold),
    val: sorted.filter((id) => heldOutIn[id] === fold),
  }));
  return `${JSON.stringify(splits, null, 2)}\n`;
}

/** `Dataset007_Liver`; characters that file systems or nnU-Net read otherwise are left out. */
export function datasetFolderName(id: number, name: string): string {
  const clean = name
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '');
  return `Dataset${String(id).padStart(3, '0')}_${clean || 'Maskloop'}`;
}

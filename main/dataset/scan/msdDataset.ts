/** `dataset.json` of the Medical Segmentation Decathlon and of nnU-Net v2. */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';
import { LARGEST_LABEL_VALUE, NO_LABEL_RULES, type LabelRules, type MsdTask, type Segment } from '../../contract/vocabulary.ts';
import { readFile } from '../../vault/readSealed.ts';
import { defaultSegment } from '../defaultColors.ts';
import { readIfThere } from '../readIfThere.ts';

/** Decathlon: label value → name. nnU-Net v2: name → value, or → list of values for a region. */
const Labels = z.record(z.string(), z.union([z.string(), z.int(), z.array(z.int()).min(1)]));
const DatasetJson = z.object({
  name: z.string().optional(),
  /** Decathlon. */
  modality: z.record(z.string(), z.string()).optional(),
  /** nnU-Net v2. */
  channel_names: z.record(z.string(), z.string()).optional(),
  labels: Labels.optional(),
  /** nnU-Net v2: which label value each region paints, in the order of `labels` without background. */
  regions_class_order: z.array(z.int()).optional(),
});

const FOLD_COUNT = 5;
const SplitsFile = z.array(z.object({ train: z.array(z.string()), val: z.array(z.string()) }));

export interface MsdDataset {
  /** In channel order; empty when the file names none. */
  readonly channelNames: readonly string[];
  /** True for nnU-Net v2, where each channel is a file ending in `_0000`, `_0001`, … */
  readonly hasChannelFiles: boolean;
  /** Background left out; of regions (nnU-Net's unions of labels) the labels they consist of. */
  readonly segments: readonly Segment[];
  readonly labelRules: LabelRules;
  readonly msdTask: MsdTask | null;
  /** From `splits_final.json` beside it, by case name: the fold that holds the case out; `null`: none. */
  readonly heldOutIn: ReadonlyMap<string, number | null>;
}

/** Throws `import/unreadable` when the file is no JSON or not of either form, errno errors when it cannot be read. */
export async function readMsdDataset(path: string): Promise<MsdDataset> {
  const text = await readFile(path, 'utf8');
  const parsed = DatasetJson.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new AppException({ code: 'import/unreadable', path, detail });
  }
  const { modality, channel_names, name, labels = {}, regions_class_order } = parsed.data;
  return {
    channelNames: inOrder(channel_names ?? modality ?? {}),
    hasChannelFiles: channel_names !== undefined,
    ...segmentsAndRules(labels, regions_class_order, path),
    msdTask: msdTaskCalled(basename(dirname(path))) ?? (modality && name ? msdTaskCalled(name) : null),
    heldOutIn: await readSplits(join(dirname(path), 'splits_final.json')),
  };
}

/**
 * Folds as a project keeps them: five, and no case held out twice. Nothing for other files: a cross-validation of fewer
 * folds cannot be gone on with when cases come.
 */
async function readSplits(path: string): Promise<Map<string, number | null>> {
  const bytes = await readIfThere(path);
  if (bytes === null) return new Map();
  const parsed = SplitsFile.safeParse(parseJson(bytes.toString('utf8'), path));
  if (!parsed.success) throw new AppException({ code: 'import/unreadable', path, detail: z.prettifyError(parsed.error) });
  const held = parsed.data.flatMap(({ val }, fold) => val.map((id) => [id, fold] as const));
  const heldOutIn = new Map<string, number | null>([...parsed.data.flatMap(({ train }) => train.map((id) => [id, null] as const)), ...held]);
  return parsed.data.length === FOLD_COUNT && new Set(held.map(([id]) => id)).size === held.length ? heldOutIn : new Map();
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new AppException({ code: 'import/unreadable', path, detail: `not valid JSON (${String(thrown)})` });
  }
}

function inOrder(names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => name);
}

interface NamedLabel {
  readonly name: string;
  readonly values: readonly number[];
}

const IGNORE = 'ignore';

/** Pure. Throws `import/unreadable` for regions that do not say what they paint. */
export function segmentsAndRules(
  labels: z.infer<typeof Labels>,
  order: readonly number[] | undefined,
  path: string,
): Pick<MsdDataset, 'segments' | 'labelRules'> {
  const named = Object.entries(labels)
    .map(([key, value]): NamedLabel => {
      if (typeof value === 'string') return { name: value, values: [Number(key)] };
      return { name: key, values: [...new Set(typeof value === 'number' ? [value] : value)] };
    })
    .filter(({ values }) => values.every(isLabelValue));
  const real = named.filter(({ name }) => name !== IGNORE);
  const ignored = named.find(({ name, values }) => name === IGNORE && values.length === 1);
  // one union makes every label a region of its own (nnU-Net's LabelManager)
  const hasRegions = real.some(({ values }) => values.length > 1);
  const regions = hasRegions ? regionsOf(real, order, path) : null;
  const single = real.filter(({ values }) => values.length === 1);
  const names = new Map([
    ...real.flatMap(({ values }) => values.map((value) => [value, undefined] as const)),
    ...single.map(({ name, values }) => [values[0]!, name] as const),
    ...(regions ?? []).map(({ name, paintsLabelValue }) => [paintsLabelValue, name] as const),
    ...(ignored ? [[ignored.values[0]!, IGNORE] as const] : []),
  ]);
  return {
    segments: [...names].sort(([a], [b]) => a - b).map(([labelValue, name]) => defaultSegment(labelValue, name)),
    labelRules: { ...NO_LABEL_RULES, regions, ignoreLabelValue: ignored?.values[0] ?? null },
  };
}

const isLabelValue = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= LARGEST_LABEL_VALUE;

function regionsOf(labels: readonly NamedLabel[], order: readonly number[] | undefined, path: string): LabelRules['regions'] {
  const problem = (detail: string) => new AppException({ code: 'import/unreadable', path, detail });
  if (order?.length !== labels.length || !order.every(isLabelValue)) {
    throw problem(`regions_class_order: ${labels.length} label values from 1 to ${LARGEST_LABEL_VALUE} are needed, one for each region`);
  }
  return labels.map(({ name, values }, n) => ({ name: name.slice(0, 64), labelValues: [...values], paintsLabelValue: order[n]! }));
}

/** Names of the Decathlon's tasks, as folders and `dataset.json` call them. */
const TASK_NAMES: Readonly<Record<string, MsdTask>> = {
  braintumour: '01',
  brats: '01',
  heart: '02',
  leftatrium: '02',
  liver: '03',
  hippocampus: '04',
  prostate: '05',
  lung: '06',
  pancreas: '07',
  hepaticvessel: '08',
  spleen: '09',
  colon: '10',
};

/** `Task04_Hippocampus`, `Dataset004_Hippocampus`, or the bare name. A number that does not fit its name is another data set. */
function msdTaskCalled(name: string): MsdTask | null {
  const [, number, rest] = /^(?:(?:task|dataset)0*(\d+)_)?([a-z]+)$/i.exec(name) ?? [];
  const task = rest === undefined ? undefined : TASK_NAMES[rest.toLowerCase()];
  if (task === undefined || (number !== undefined && Number(number) !== Number(task))) return null;
  return task;
}

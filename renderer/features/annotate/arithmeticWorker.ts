/** Entry of the thread for arithmetic over whole masks: one task, one answer. */
import type { Completeness } from '../../../main/contract/completeness.ts';
import { emptyLabels, labelsFromBytes } from '../../../main/contract/labelType.ts';
import type { VoxelType } from '../../../main/contract/vocabulary.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import type { SliceDelta } from '../../viewer/edit/sliceDelta.ts';
import { decodeEntries } from '../../viewer/edit/strokeEntries.ts';
import { deltasBetween, labelValuesIn, replayStrokes } from '../../viewer/edit/strokeReplay.ts';
import { maskDifference, type MaskDifference } from './maskDifference.ts';
import { withPaintedBackground } from './paintedBackground.ts';
import { segmentStatistics, type SegmentStatistics, type StatisticsInput } from './segmentStatistics.ts';

type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

interface ViewerLabel {
  /** Background painted by hand is a label in the viewer only; `null`: it has none. */
  readonly viewerLabel: number | null;
}

export type ArithmeticTask = ViewerLabel &
  (
    | ({ readonly kind: 'statistics'; readonly labels: Labels; readonly imageUrl: string; readonly voxelType: VoxelType } & Pick<
        StatisticsInput,
        'dimsIjk' | 'spacingMm'
      >)
    /** Masks as they are, or where they are served. */
    | {
        readonly kind: 'difference';
        readonly before: Labels | string;
        readonly after: Labels | string;
        readonly voxelCount: number;
        readonly sliceVoxelCount: number;
      }
    | RecoveryTask
  );

/** What a journal made of its mask, as a change of the mask that is shown. */
export interface RecoveryTask {
  readonly kind: 'recovery';
  /** Label values, painted background among them. */
  readonly shown: Labels;
  /** Where the mask is served that the journal began with; `null`: with an empty one. Absent: with what is shown. */
  readonly base?: { readonly labelsUrl: string; readonly backgroundUrl: string } | null;
  readonly journalUrl: string;
  readonly voxelCount: number;
  readonly sliceVoxelCount: number;
}

export interface RecoveredChange {
  /** Label values. */
  readonly slices: readonly SliceDelta[];
  readonly labelValues: readonly number[];
  /** `null`: the journal does not change it. */
  readonly completeness: Completeness | null;
  /** Of the mask as it becomes, as revisions have it. */
  readonly sha256: string;
}

export type ArithmeticAnswer =
  | { readonly kind: 'statistics'; readonly rows: SegmentStatistics[] }
  | { readonly kind: 'difference'; readonly difference: MaskDifference }
  | { readonly kind: 'recovery'; readonly recovered: RecoveredChange }
  | { readonly kind: 'failed'; readonly detail: string };

self.addEventListener('message', ({ data }: MessageEvent<ArithmeticTask>) => {
  answerTo(data).then(
    (answer) => self.postMessage(answer),
    (thrown: unknown) => self.postMessage({ kind: 'failed', detail: thrown instanceof Error ? thrown.message : String(thrown) } satisfies ArithmeticAnswer),
  );
});

async function answerTo(task: ArithmeticTask): Promise<ArithmeticAnswer> {
  if (task.kind === 'statistics') {
    const values = voxelArray(task.voxelType, await bytesAt(task.imageUrl));
    if (values.length !== task.labels.length) throw new Error(`an image of ${values.length} voxels under a mask of ${task.labels.length}`);
    return { kind: 'statistics', rows: segmentStatistics({ ...task, labels: without(task.labels, task.viewerLabel), values }) };
  }
  if (task.kind === 'recovery') return { kind: 'recovery', recovered: await recoveredFrom(task) };
  const [before, after] = await Promise.all([labelsOf(task.before, task), labelsOf(task.after, task)]);
  return { kind: 'difference', difference: maskDifference(before, after, task.sliceVoxelCount) };
}

async function recoveredFrom(task: RecoveryTask): Promise<RecoveredChange> {
  const { shown, base, journalUrl, voxelCount, sliceVoxelCount } = task;
  const [began, strokes] = await Promise.all([
    base === undefined ? shown.slice() : base ? storedMask(base, voxelCount) : emptyLabels('uint8', voxelCount),
    bytesAt(journalUrl),
  ]);
  const { labels, completeness } = replayStrokes(began, decodeEntries(new Uint8Array(strokes)), sliceVoxelCount);
  const slices = deltasBetween(shown, labels, sliceVoxelCount);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', labels));
  return { slices, labelValues: labelValuesIn(slices), completeness, sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('') };
}

async function storedMask({ labelsUrl, backgroundUrl }: { labelsUrl: string; backgroundUrl: string }, voxelCount: number): Promise<Labels> {
  const [labels, background] = await Promise.all([labelsOf(labelsUrl, { voxelCount, viewerLabel: null }), fetch(backgroundUrl)]);
  if (background.status === 404) return labels; // none was painted
  if (!background.ok) throw new Error(`${backgroundUrl}: ${await background.text()}`);
  return withPaintedBackground(labels, new Uint8Array(await background.arrayBuffer()));
}

/** In place. */
function without(labels: Labels, label: number | null): Labels {
  if (label !== null) for (let n = 0; n < labels.length; n++) if (labels[n] === label) labels[n] = 0;
  return labels;
}

async function labelsOf(mask: Labels | string, { voxelCount, viewerLabel }: { readonly voxelCount: number } & ViewerLabel): Promise<Labels> {
  if (typeof mask !== 'string') return without(mask, viewerLabel);
  const labels = labelsFromBytes(await bytesAt(mask), voxelCount);
  if (!labels) throw new Error(`${mask}: not a mask of ${voxelCount} voxels`);
  return labels;
}

async function bytesAt(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return response.arrayBuffer();
}

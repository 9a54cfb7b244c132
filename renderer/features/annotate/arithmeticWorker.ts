/** Entry of the thread for arithmetic over whole masks: one task, one answer. */
import { labelsFromBytes } from '../../../main/contract/labelType.ts';
import type { VoxelType } from '../../../main/contract/vocabulary.ts';
import { voxelArray } from '../../viewer/voxelArray.ts';
import { maskDifference, type MaskDifference } from './maskDifference.ts';
import { segmentStatistics, type SegmentStatistics, type StatisticsInput } from './segmentStatistics.ts';

type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

interface ViewerLabel {
  /** Background painted by hand is a label in the viewer only; `null`: it has none. */
  readonly viewerLabel: number | null;
}

export type ArithmeticTask = ViewerLabel & (
  | ({ readonly kind: 'statistics'; readonly labels: Labels; readonly imageUrl: string; readonly voxelType: VoxelType } & Pick<StatisticsInput, 'dimsIjk' | 'spacingMm'>)
  /** Masks as they are, or where they are served. */
  | { readonly kind: 'difference'; readonly before: Labels | string; readonly after: Labels | string; readonly voxelCount: number; readonly sliceVoxelCount: number }
);

export type ArithmeticAnswer =
  | { readonly kind: 'statistics'; readonly rows: SegmentStatistics[] }
  | { readonly kind: 'difference'; readonly difference: MaskDifference }
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
  const [before, after] = await Promise.all([labelsOf(task.before, task), labelsOf(task.after, task)]);
  return { kind: 'difference', difference: maskDifference(before, after, task.sliceVoxelCount) };
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

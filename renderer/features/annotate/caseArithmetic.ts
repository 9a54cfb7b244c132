/** Arithmetic over whole masks in a thread of its own, which fetches images and stored masks itself. */
import { bulkUrls, type CaseDetail } from '../../../main/contract/api.ts';
import type { JournalInfo } from '../../../main/contract/journal.ts';
import type { ArithmeticAnswer, ArithmeticTask, RecoveredChange } from './arithmeticWorker.ts';
import type { MaskDifference } from './maskDifference.ts';
import type { SegmentStatistics } from './segmentStatistics.ts';

export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
/** A revision, or a mask as it is painted now. It is handed over. */
export type MaskSource = number | Labels;

const maskOf = (caseId: CaseDetail['caseId'], mask: MaskSource) => (typeof mask === 'number' ? bulkUrls.labels(caseId, mask) : mask);

/** Of the first channel, unless told otherwise. */
export async function statisticsOf(
  { caseId, grid, voxelType }: CaseDetail,
  labels: Labels,
  viewerLabel: number | null,
  channelIndex = 0,
): Promise<SegmentStatistics[]> {
  const answer = await inWorker({
    kind: 'statistics',
    labels,
    viewerLabel,
    imageUrl: bulkUrls.volume(caseId, channelIndex),
    voxelType,
    dimsIjk: grid.dimsIjk,
    spacingMm: grid.spacingMm,
  });
  if (answer.kind !== 'statistics') throw new Error(`an answer of kind ${answer.kind}`);
  return answer.rows;
}

export async function differenceOf({ caseId, grid }: CaseDetail, before: MaskSource, after: MaskSource, viewerLabel: number | null): Promise<MaskDifference> {
  const answer = await inWorker({
    kind: 'difference',
    viewerLabel,
    before: maskOf(caseId, before),
    after: maskOf(caseId, after),
    voxelCount: grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2],
    sliceVoxelCount: grid.dimsIjk[0] * grid.dimsIjk[1],
  });
  if (answer.kind !== 'difference') throw new Error(`an answer of kind ${answer.kind}`);
  return answer.difference;
}

/** `shown` is copied. */
export async function recoveredChange(
  { caseId, grid, latestRevision }: CaseDetail,
  shown: Labels,
  { journalId, baseRevision }: Pick<JournalInfo, 'journalId' | 'baseRevision'>,
): Promise<RecoveredChange> {
  const [columns, rows, slices] = grid.dimsIjk;
  const base = baseRevision === null ? null : { labelsUrl: bulkUrls.labels(caseId, baseRevision), backgroundUrl: bulkUrls.background(caseId, baseRevision) };
  const answer = await inWorker({
    kind: 'recovery',
    viewerLabel: null,
    shown: shown.slice(),
    ...(baseRevision === latestRevision ? {} : { base }),
    journalUrl: bulkUrls.journal(caseId, journalId),
    voxelCount: columns * rows * slices,
    sliceVoxelCount: columns * rows,
  });
  if (answer.kind !== 'recovery') throw new Error(`an answer of kind ${answer.kind}`);
  return answer.recovered;
}

async function inWorker(task: ArithmeticTask): Promise<Exclude<ArithmeticAnswer, { kind: 'failed' }>> {
  const worker = new Worker(new URL('./arithmeticWorker.ts', import.meta.url), { type: 'module' });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<ArithmeticAnswer>) => (data.kind === 'failed' ? reject(new Error(data.detail)) : resolve(data));
      worker.onerror = (event) => reject(new Error(event.message || 'the thread for calculations ended'));
      const masks = task.kind === 'statistics' ? [task.labels] : task.kind === 'recovery' ? [task.shown] : [task.before, task.after];
      worker.postMessage(
        task,
        masks.flatMap((mask) => (typeof mask === 'string' ? [] : [mask.buffer])),
      );
    });
  } finally {
    worker.terminate();
  }
}

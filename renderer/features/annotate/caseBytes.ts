/** A case with its mask from the services, and the mask back to them. */
import type { CallInput, CallOutput, CaseDetail } from '../../../main/contract/api.ts';
import { AppException } from '../../../main/contract/errors.ts';
import { emptyLabels } from '../../../main/contract/labelType.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { withPaintedBackground } from './paintedBackground.ts';

/** First channel and the newest revision of a mask together (absent: of the one that trainings learn from); an empty mask where there is none. Painted background is a label in `labels`. */
export async function fetchCase(api: AppApi, caseId: CaseId, mask: number | undefined) {
  const detail = await api.call('dataset.openCase', { caseId, mask });
  const { latestRevision: revision } = detail;
  const voxelCount = detail.grid.dimsIjk.reduce((a, b) => a * b, 1);
  const [bytes, labels] = await Promise.all([
    api.volume(caseId, 0),
    revision === null ? emptyLabels('uint8', voxelCount) : api.labels(caseId, revision, voxelCount),
  ]);
  const { backgroundVoxelCount, ...completeness } = detail.completeness;
  const background = revision === null || backgroundVoxelCount === 0 ? null : await api.background(caseId, revision);
  return { detail, completeness, bytes, labels: background ? withPaintedBackground(labels, background) : labels };
}

type Uploaded = Pick<CallInput<'labels.save'>, 'uploadId' | 'labelType' | 'completeness' | 'activeSeconds'>;

/** A revision that appeared meanwhile is kept below ours; nothing is overwritten. */
export async function saveOnTop(api: AppApi, { caseId, latestRevision, mask }: CaseDetail, uploaded: Uploaded): Promise<CallOutput<'labels.save'>> {
  try {
    return await api.call('labels.save', { caseId, mask, ...uploaded, parent: latestRevision });
  } catch (thrown) {
    if (!(thrown instanceof AppException) || thrown.error.code !== 'labels/stale-parent') throw thrown;
    return api.call('labels.save', { caseId, mask, ...uploaded, parent: thrown.error.latestRevision });
  }
}

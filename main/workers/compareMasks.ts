/** Accepted masks against the predictions they descend from; both lie on the stored grid of their case. */
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { ComparedMask } from '../contract/effort.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { CompareMasksTask, TaskItem } from '../contract/tasks.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../nnunet/gridDhw.ts';
import { compareMasks } from '../nnunet/metrics/compareMasks.ts';
import { breathe } from './wholeCase.ts';

/** Masks that cannot be compared say why; the others go on. */
export async function runCompareMasks({ masks, ignoreLabelValue }: CompareMasksTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    for (const { caseId, revision, labelFile, predictedFile } of masks) {
      await breathe();
      if (port.stop.aborted) break;
      const item: TaskItem = { kind: 'comparedMask', caseId, revision, outcome: await compareOrTell(labelFile, predictedFile, ignoreLabelValue) };
      port.tell({ type: 'item', item });
    }
    return ok({});
  } catch (thrown) {
    return err(toAppError(thrown));
  }
}

async function compareOrTell(
  labelFile: string,
  predictedFile: string | null,
  ignoreLabelValue: number | null,
): Promise<Extract<TaskItem, { kind: 'comparedMask' }>['outcome']> {
  try {
    return await compareFiles(labelFile, predictedFile, ignoreLabelValue);
  } catch (thrown) {
    return { error: toAppError(thrown, labelFile) };
  }
}

async function compareFiles(labelFile: string, predictedFile: string | null, ignoreLabelValue: number | null): Promise<ComparedMask> {
  const { grid, voxels: accepted } = await readLabelmap(labelFile);
  const predicted = predictedFile === null ? null : predictedFile === labelFile ? accepted : (await readLabelmap(predictedFile)).voxels;
  if (predicted && predicted.length !== accepted.length)
    throw new AppException({ code: 'disk/corrupt', path: predictedFile!, detail: `${predicted.length} voxels, its correction has ${accepted.length}` });
  return compareMasks({ accepted, predicted, shapeDhw: gridShapeDhw(grid), spacingDhwMm: gridSpacingDhwMm(grid), ignoreLabelValue });
}

import { readFile } from 'node:fs/promises';
import type { JobPort } from '../contract/jobPort.ts';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { SaveLabelmapTask } from '../contract/tasks.ts';
import { writeLabelmap } from '../dataset/storedVolume.ts';

/**
 * Checks an uploaded labelmap against its image and the legend and writes it as `.nii.gz`; the upload stays.
 * Errors: labels/wrong-byte-count, labels/unknown-label, disk/full, disk/denied. Summary: `SavedLabelmap`.
 */
export async function runSaveLabelmap(
  input: SaveLabelmapTask,
  _port: JobPort,
): Promise<Result<Record<string, unknown>>> {
  try {
    const { caseId, grid } = input;
    const voxels = new Uint8Array(await readFile(input.uploadFile));
    const expectedBytes = grid.dimsIjk.reduce((product, count) => product * count, 1);
    if (voxels.length !== expectedBytes)
      return err({ code: 'labels/wrong-byte-count', caseId, expectedBytes, actualBytes: voxels.length });
    const labelValue = firstUnknownLabel(
      voxels,
      input.legend.map((segment) => segment.labelValue),
    );
    if (labelValue !== null) return err({ code: 'labels/unknown-label', caseId, labelValue });
    return ok({ ...(await writeLabelmap(input.outputFile, grid, voxels)) });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFile));
  }
}

function firstUnknownLabel(voxels: Uint8Array, known: readonly number[]): number | null {
  const isKnown = new Uint8Array(256);
  isKnown[0] = 1;
  for (const labelValue of known) isKnown[labelValue] = 1;
  for (let index = 0; index < voxels.length; index++) {
    const labelValue = voxels[index]!;
    if (!isKnown[labelValue]) return labelValue;
  }
  return null;
}

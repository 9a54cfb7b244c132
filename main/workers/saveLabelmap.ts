import { readFile } from 'node:fs/promises';
import { BYTES_PER_LABEL, labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { SaveLabelmapTask } from '../contract/tasks.ts';
import { LARGEST_LABEL_VALUE } from '../contract/vocabulary.ts';
import { writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';

/**
 * Checks an uploaded labelmap against its image and the legend and writes it as `.nii.gz` in the type that the legend
 * needs; the upload stays.
 * Errors: labels/wrong-byte-count, labels/unknown-label, disk/full, disk/denied. Summary: `SavedLabelmap`.
 */
export async function runSaveLabelmap(
  input: SaveLabelmapTask,
  _port: JobPort,
): Promise<Result<Record<string, unknown>>> {
  try {
    const { caseId, grid, labelType, legend } = input;
    const bytes = new Uint8Array(await readFile(input.uploadFile));
    const expectedBytes = grid.dimsIjk.reduce((product, count) => product * count, BYTES_PER_LABEL[labelType]);
    if (bytes.length !== expectedBytes)
      return err({ code: 'labels/wrong-byte-count', caseId, expectedBytes, actualBytes: bytes.length });
    const voxels = labelType === 'uint16' ? new Uint16Array(bytes.buffer) : bytes;
    const labelValue = firstUnknownLabel(
      voxels,
      legend.map((segment) => segment.labelValue),
    );
    if (labelValue !== null) return err({ code: 'labels/unknown-label', caseId, labelValue });
    return ok({ ...(await writeLabelmap(input.outputFile, grid, labelsOfType(voxels, labelTypeOf(legend)))) });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFile));
  }
}

function firstUnknownLabel(voxels: LabelArray, known: readonly number[]): number | null {
  const isKnown = new Uint8Array(LARGEST_LABEL_VALUE + 1);
  isKnown[0] = 1;
  for (const labelValue of known) isKnown[labelValue] = 1;
  for (let index = 0; index < voxels.length; index++) {
    const labelValue = voxels[index]!;
    if (!isKnown[labelValue]) return labelValue;
  }
  return null;
}

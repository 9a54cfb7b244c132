import { BYTES_PER_LABEL, labelsOfType, labelTypeOf } from '../contract/labelType.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { PAINTED_BACKGROUND, canPaintBackground } from '../contract/completeness.ts';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { CheckLabelsTask, SaveLabelmapTask } from '../contract/saveLabelmapTask.ts';
import { LARGEST_LABEL_VALUE } from '../contract/vocabulary.ts';
import { readLabelmap, writeLabelmap } from '../dataset/storedVolume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { readFile } from '../vault/readSealed.ts';

/**
 * Checks an uploaded labelmap against its image and the legend and writes it as `.nii.gz` in the type that the legend
 * needs; the upload stays. Painted background goes into a file of its own, so that no mask ever holds its value.
 * Errors: labels/wrong-byte-count, labels/unknown-label, disk/full, disk/denied. Summary: `SavedLabelmap`.
 */
export async function runSaveLabelmap(input: SaveLabelmapTask, _port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const { caseId, grid, labelType, legend, backgroundFile } = input;
    const bytes = new Uint8Array(await readFile(input.uploadFile));
    const expectedBytes = grid.dimsIjk.reduce((product, count) => product * count, BYTES_PER_LABEL[labelType]);
    if (bytes.length !== expectedBytes) return err({ code: 'labels/wrong-byte-count', caseId, expectedBytes, actualBytes: bytes.length });
    const voxels = labelType === 'uint16' ? new Uint16Array(bytes.buffer) : bytes;
    const background = backgroundFile !== undefined && voxels instanceof Uint16Array && canPaintBackground(legend) ? takeBackground(voxels) : null;
    const labelValue = firstUnknownLabel(
      voxels,
      legend.map((segment) => segment.labelValue),
    );
    if (labelValue !== null) return err({ code: 'labels/unknown-label', caseId, labelValue });
    if (background && backgroundFile !== undefined) await writeLabelmap(backgroundFile, grid, background.voxels);
    const { sha256 } = await writeLabelmap(input.outputFile, grid, labelsOfType(voxels, labelTypeOf(legend)));
    return ok({ sha256, backgroundVoxelCount: background?.count ?? 0 });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFile));
  }
}

export async function runCheckLabels({ caseId, labelFile, legend }: CheckLabelsTask): Promise<Result<Record<string, unknown>>> {
  const labelValue = firstUnknownLabel(
    (await readLabelmap(labelFile)).voxels,
    legend.map((segment) => segment.labelValue),
  );
  return labelValue === null ? ok({}) : err({ code: 'labels/unknown-label', caseId, labelValue });
}

/** Ones where background was painted, which becomes 0 in `voxels`; `null` where none was. */
function takeBackground(voxels: Uint16Array): { voxels: Uint8Array; count: number } | null {
  const background = new Uint8Array(voxels.length);
  let count = 0;
  for (let n = 0; n < voxels.length; n++) {
    if (voxels[n] !== PAINTED_BACKGROUND) continue;
    voxels[n] = 0;
    background[n] = 1;
    count++;
  }
  return count === 0 ? null : { voxels: background, count };
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

/** Writes label maps as NIfTI files in source geometry into a folder of the user's. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { ExportTask } from '../contract/tasks.ts';
import { readLabelmap, writeLabelmap } from '../dataset/storedVolume.ts';
import { labelmapInSourceGeometry } from '../export/sourceLabelmap.ts';

/**
 * Tells a `writtenFile` item per case, `<baseName>.nii.gz`; a file of that name is replaced in one step. A damaged label map
 * becomes a problem and the rest is written; fails when nothing was written, and at once when the disk is full or refuses.
 */
export async function runExport(input: ExportTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    await mkdir(input.outputFolder, { recursive: true });
    const total = input.cases.length;
    const files: string[] = [];
    const failures: AppError[] = [];
    for (const [index, { baseName, labelFile, sourceGrid }] of input.cases.entries()) {
      if (port.stop.aborted) break;
      port.tell({ type: 'progress', progress: { phase: 'writing', done: index, total } });
      try {
        const path = join(input.outputFolder, `${baseName}.nii.gz`);
        const { grid, voxels } = labelmapInSourceGeometry(await readLabelmap(labelFile), sourceGrid, labelFile);
        await writeLabelmap(path, grid, voxels);
        files.push(path);
        port.tell({ type: 'item', item: { kind: 'writtenFile', path, sourcePath: labelFile } });
      } catch (thrown) {
        const error = damageOf(thrown, labelFile);
        if (!error) throw thrown;
        failures.push(error);
        port.tell({ type: 'problem', error });
      }
    }
    port.tell({ type: 'progress', progress: { phase: 'writing', done: files.length, total } });
    const [reason] = failures;
    return files.length === 0 && reason
      ? err(reason)
      : ok({ writtenCount: files.length, failedCount: failures.length, files });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFolder));
  }
}

/** What concerns one label map only: it is damaged or gone. */
function damageOf(thrown: unknown, labelFile: string): AppError | null {
  if (thrown instanceof AppException) return thrown.error;
  const isGone = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
  return isGone ? { code: 'disk/corrupt', path: labelFile, detail: 'the file is missing' } : null;
}

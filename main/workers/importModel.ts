/** The model of a bundle becomes a run folder, as if it had been trained here. */
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { ImportModelTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { readModelBundle } from './modelBundle.ts';
import { writeCheckpoint, writePlan } from './runFiles.ts';

/** Leaves no folder behind when the bundle is refused. The summary tells `trainedAs`, the run's id where it was trained. */
export async function runImportModel(input: ImportModelTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const { bundleFile, runFolder, author } = input;
  try {
    port.tell({ type: 'progress', progress: { phase: 'reading', done: 0, total: 1 } });
    const { record, plan, fingerprint, postprocessing, checkpoint, measures, weights } = await readModelBundle(bundleFile);
    await mkdir(runFolder, { recursive: true });
    const write = (name: string, value: unknown): Promise<void> => writeFileAtomic(join(runFolder, name), Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
    await writePlan(runFolder, plan);
    if (fingerprint) await write('dataset_fingerprint.json', fingerprint);
    if (postprocessing) await write('postprocessing.json', postprocessing);
    const imported = { file: basename(bundleFile), by: author, at: new Date().toISOString() };
    await write('run.json', { ...record, imported });
    await writeCheckpoint(runFolder, 'best', checkpoint, weights);
    const { runId, legend, options } = record;
    port.tell({ type: 'item', item: { kind: 'importedModel', runFolder, runId, legend, options, measures } });
    return ok({ trainedAs: runId });
  } catch (thrown) {
    await rm(runFolder, { recursive: true, force: true });
    return err(toAppError(thrown, bundleFile));
  }
}

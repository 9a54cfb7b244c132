/** Where the studies of the demo come from, and how they are dealt out: to train, to correct, to measure. */
import { copyFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppException } from '../contract/errors.ts';
import type { PhantomTask } from '../contract/tasks.ts';
import { scanSources } from '../dataset/scan/sourceScan.ts';
import type { ServiceDependencies } from '../services/services.ts';

/** A study whose true mask is known. */
export interface LabelledStudy {
  readonly name: string;
  /** One file per channel. */
  readonly imageFiles: readonly string[];
  readonly labelFile: string;
}

export interface DealtStudies {
  /** Masks known from the start. */
  readonly known: readonly LabelledStudy[];
  /** Predicted first, then corrected by the "reader" and trained on. */
  readonly corrected: readonly LabelledStudy[];
  /** Never trained on; both models are measured on them. */
  readonly heldOut: readonly LabelledStudy[];
}

/** Writes phantom studies, all with their mask, in a compute process. Throws an `AppException` when that fails. */
export function writePhantoms(compute: ServiceDependencies['compute'], folder: string, caseCount: number): Promise<void> {
  const input: PhantomTask = { task: 'phantoms', folder, caseCount, labelledCount: caseCount, seed: 1 };
  return new Promise((resolve, reject) => {
    const child = compute.start({
      onMessage: (message) => {
        if (message.type === 'done') resolve();
        if (message.type === 'failed') reject(new AppException(message.error));
      },
      // After `resolve` or `reject` this has no effect.
      onExit: (exitCode, signal, stderrTail) => {
        const error = exitCode === 0 ? { code: 'internal' as const, detail: stderrTail } : { code: 'job/process-died' as const, exitCode, signal };
        reject(new AppException(error));
      },
    });
    child.send({ type: 'run', input });
  });
}

/** NIfTI studies with a mask below `folder`, in the order of their names. Throws `import/nothing-found` for fewer than 4. */
export async function findLabelledStudies(folder: string): Promise<LabelledStudy[]> {
  const { sources } = await scanSources([folder]);
  const studies = sources.flatMap((source) =>
    source.kind === 'volume' && source.labelFile !== undefined ? [{ name: source.baseName, imageFiles: source.files, labelFile: source.labelFile }] : [],
  );
  if (studies.length < 4) throw new AppException({ code: 'import/nothing-found', paths: [folder] });
  return studies.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The first half is known, of the rest one half is corrected and one held out. Neighbours in the alphabet are often
 * the same person (left and right side), so that blocks keep most of a person on one side.
 */
export function dealStudies(studies: readonly LabelledStudy[], caseCount: number): DealtStudies {
  const used = studies.slice(0, caseCount);
  const knownCount = Math.floor(used.length / 2);
  const correctedCount = Math.floor((used.length - knownCount) / 2);
  return { known: used.slice(0, knownCount), corrected: used.slice(knownCount, knownCount + correctedCount), heldOut: used.slice(knownCount + correctedCount) };
}

/** Copies studies into `folder/imagesTr` (and `labelsTr`), so that an import sees exactly these. */
export async function stageStudies(studies: readonly LabelledStudy[], dataFolder: string, folder: string, withLabels: boolean): Promise<void> {
  await mkdir(join(folder, 'imagesTr'), { recursive: true });
  await mkdir(join(folder, 'labelsTr'), { recursive: true });
  for (const { imageFiles, labelFile } of studies) {
    for (const file of imageFiles) await copyFile(file, join(folder, 'imagesTr', basename(file)));
    if (withLabels) await copyFile(labelFile, join(folder, 'labelsTr', basename(labelFile)));
  }
  // Holds the names of labels and channels.
  const facts = join(dataFolder, 'dataset.json');
  if (existsSync(facts)) await copyFile(facts, join(folder, 'dataset.json'));
}

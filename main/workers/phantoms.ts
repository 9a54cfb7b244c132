/** Writes phantom studies in the layout of the Medical Segmentation Decathlon, for first runs, tests and the demo. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { PhantomTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { writeGzippedNifti, writeLabelmap } from '../dataset/storedVolume.ts';
import { makePhantom, PHANTOM_LABEL_NAMES } from '../imaging/phantom.ts';
import { writeDicomPhantoms } from './dicomPhantoms.ts';

/**
 * `imagesTr/phantom_001.nii.gz` …, the first `labelledCount` of them with `labelsTr`, the truth of the others in `truthTs`
 * (which import passes over), and `dataset.json`; other anatomies as `writeDicomPhantoms`. The same seed writes the same voxels.
 */
export async function runPhantoms(input: PhantomTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const { anatomy = 'pair' } = input;
  try {
    if (anatomy !== 'pair') {
      const written = await writeDicomPhantoms({ ...input, anatomy }, port);
      return ok({ folder: input.folder, caseCount: written, labelledCount: Math.min(written, input.labelledCount) });
    }
    return ok(await writePairs(input, port));
  } catch (thrown) {
    return err(toAppError(thrown, input.folder));
  }
}

async function writePairs(input: PhantomTask, port: JobPort): Promise<Record<string, unknown>> {
  const folders = { images: join(input.folder, 'imagesTr'), labels: join(input.folder, 'labelsTr'), truth: join(input.folder, 'truthTs') };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const total = input.caseCount;
  const labelled: { image: string; label: string }[] = [];
  for (let n = 0; n < total && !port.stop.aborted; n++) {
    port.tell({ type: 'progress', progress: { phase: 'writing', done: n, total } });
    const name = `phantom_${String(n + 1).padStart(3, '0')}.nii.gz`;
    const { grid, image, labels } = makePhantom(input.seed + n);
    const imageFile = join(folders.images, name);
    await writeGzippedNifti(imageFile, grid, image);
    const isLabelled = n < input.labelledCount;
    if (isLabelled) labelled.push({ image: `./imagesTr/${name}`, label: `./labelsTr/${name}` });
    await writeLabelmap(join(isLabelled ? folders.labels : folders.truth, name), grid, labels);
    port.tell({ type: 'item', item: { kind: 'writtenFile', path: imageFile } });
  }
  await writeFileAtomic(join(input.folder, 'dataset.json'), Buffer.from(datasetJson(labelled)));
  port.tell({ type: 'progress', progress: { phase: 'writing', done: total, total } });
  return { folder: input.folder, caseCount: total, labelledCount: labelled.length };
}

function datasetJson(training: readonly { image: string; label: string }[]): string {
  const labels = Object.fromEntries([['0', 'background'], ...PHANTOM_LABEL_NAMES.map((name, n) => [String(n + 1), name])]);
  const description = 'Studies by formula, written by Maskloop';
  return JSON.stringify({ name: 'phantoms', description, modality: { '0': 'MR' }, labels, numTraining: training.length, training }, null, 2);
}

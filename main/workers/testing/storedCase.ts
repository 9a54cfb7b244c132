import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CaseId, Grid } from '../../contract/vocabulary.ts';
import type { TrainCase } from '../../contract/tasks.ts';
import { writeLabelmap, writeStoredChannel } from '../../dataset/storedVolume.ts';

/** A case on disk as an import leaves it: intensities and labels by formula of the flat voxel index. */
export async function storedCase(
  folder: string,
  name: string,
  shapeDhw: readonly [number, number, number],
  intensity: (n: number) => number,
  label: (n: number) => number,
): Promise<TrainCase> {
  const [d, h, w] = shapeDhw;
  const grid = Grid.parse({ dimsIjk: [w, h, d], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  const caseId = CaseId.parse(name);
  const image = join(folder, name, 'image.nii');
  const labelFile = join(folder, name, 'labels.nii.gz');
  await mkdir(join(folder, name), { recursive: true });
  await writeStoredChannel(
    image,
    grid,
    Float32Array.from({ length: d * h * w }, (_, n) => intensity(n)),
  );
  await writeLabelmap(
    labelFile,
    grid,
    Uint8Array.from({ length: d * h * w }, (_, n) => label(n)),
  );
  return { caseId, image: { files: [image], voxelType: 'float32', grid, sourceGrid: grid, channelNames: ['MR'] }, labelFile, role: 'train', weight: 1 };
}

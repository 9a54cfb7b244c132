/** Cases of two channels by formula, CT and PET, on an oblique grid: a body with lungs, a spine, and one hot spot. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeGzippedNifti, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';

const [NI, NJ, NK] = [64, 64, 40];
const TILT = 0.2;
/** Voxel in the middle of the hot spot. */
export const HOT_SPOT_IJK = [41, 25, 30] as const;
/** The slice along k in which the lungs are densest: nearest to the mean of the image. */
export const DENSE_LUNG_K = 15;
const GRID = gridFromAffine(
  [NI, NJ, NK],
  [2 * Math.cos(TILT), 0, 3 * Math.sin(TILT), -64, 0, 2, 0, -64, -2 * Math.sin(TILT), 0, 3 * Math.cos(TILT), -40, 0, 0, 0, 1],
);

/** `pair_1` … as an nnU-Net v2 data set in `folder`, the first `labelledCount` with a mask of the hot spot. */
export async function writeTwoChannelCases(folder: string, caseCount: number, labelledCount: number): Promise<void> {
  for (const part of ['imagesTr', 'labelsTr']) mkdirSync(join(folder, part), { recursive: true });
  const { ct, pet, labels } = voxels();
  for (let n = 1; n <= caseCount; n++) {
    ct[0] = -1000 + n; // the same voxels again would not be imported
    await writeGzippedNifti(join(folder, 'imagesTr', `pair_${n}_0000.nii.gz`), GRID, ct);
    await writeGzippedNifti(join(folder, 'imagesTr', `pair_${n}_0001.nii.gz`), GRID, pet);
    if (n <= labelledCount) await writeLabelmap(join(folder, 'labelsTr', `pair_${n}.nii.gz`), GRID, labels);
  }
  const channelNames = { 0: 'CT', 1: 'PET' };
  writeFileSync(
    join(folder, 'dataset.json'),
    JSON.stringify({ channel_names: channelNames, labels: { background: 0, lesion: 1 }, numTraining: labelledCount, file_ending: '.nii.gz' }),
  );
}

function voxels() {
  const count = NI * NJ * NK;
  const [ct, pet, labels] = [new Int16Array(count), new Int16Array(count), new Uint8Array(count)];
  for (let k = 0, at = 0; k < NK; k++) {
    for (let j = 0; j < NJ; j++) {
      for (let i = 0; i < NI; i++, at++) {
        const [x, y] = [(i - 31.5) / 32, (j - 31.5) / 32];
        const isBody = x ** 2 / 0.7 + y ** 2 / 0.5 < 1;
        const isLung = (Math.abs(x) - 0.4) ** 2 / 0.05 + y ** 2 / 0.15 < 1;
        const isSpine = x ** 2 + (y - 0.45) ** 2 < 0.015;
        ct[at] = isSpine ? 700 : isBody ? (isLung ? -800 + Math.max(0, 100 - 10 * Math.abs(k - DENSE_LUNG_K)) : 40) : -1000;
        const distance = (i - HOT_SPOT_IJK[0]) ** 2 + (j - HOT_SPOT_IJK[1]) ** 2 + ((k - HOT_SPOT_IJK[2]) * 1.5) ** 2;
        pet[at] = isBody ? Math.round(100 + 1500 * Math.exp(-distance / 20)) : 0;
        labels[at] = distance < 20 ? 1 : 0;
      }
    }
  }
  return { ct, pet, labels };
}

/** NVIDIA's fixed table for the Medical Segmentation Decathlon (`nnUNet/data_preprocessing/configs.py`), axes z, y, x. */
import type { MsdTask } from '../../contract/vocabulary.ts';

type Triple = readonly [number, number, number];

export interface SeedTask {
  readonly spacingDhwMm: Triple;
  /** Absent for task 11, which has spacing and intensities only. */
  readonly patch?: { readonly 2: readonly [number, number]; readonly 3: Triple };
  /** Over foreground voxels of the training cases, in Hounsfield units. */
  readonly ct?: { readonly min: number; readonly max: number; readonly mean: number; readonly std: number };
}

const ct = (min: number, max: number, mean: number, std: number) => ({ min, max, mean, std });

export const SEED_TASKS: Readonly<Record<MsdTask, SeedTask>> = {
  '01': { spacingDhwMm: [1, 1, 1], patch: { 3: [128, 128, 128], 2: [192, 160] } },
  '02': { spacingDhwMm: [1.37, 1.25, 1.25], patch: { 3: [80, 192, 160], 2: [320, 256] } },
  '03': { spacingDhwMm: [1, 0.7676, 0.7676], patch: { 3: [128, 128, 128], 2: [512, 512] }, ct: ct(-17, 201, 99.4, 39.36) },
  '04': { spacingDhwMm: [1, 1, 1], patch: { 3: [40, 56, 40], 2: [56, 40] } },
  '05': { spacingDhwMm: [3.6, 0.62, 0.62], patch: { 3: [20, 320, 256], 2: [320, 320] } },
  '06': { spacingDhwMm: [1.24, 0.79, 0.79], patch: { 3: [80, 192, 160], 2: [512, 512] }, ct: ct(-1024, 325, -158.58, 324.7) },
  '07': { spacingDhwMm: [2.5, 0.8, 0.8], patch: { 3: [40, 224, 224], 2: [512, 512] }, ct: ct(-96, 215, 77.9, 75.4) },
  '08': { spacingDhwMm: [1.5, 0.8, 0.8], patch: { 3: [64, 192, 192], 2: [512, 512] }, ct: ct(-3, 243, 104.37, 52.62) },
  '09': { spacingDhwMm: [1.6, 0.79, 0.79], patch: { 3: [64, 192, 160], 2: [512, 512] }, ct: ct(-41, 176, 99.29, 39.47) },
  '10': { spacingDhwMm: [3, 0.78, 0.78], patch: { 3: [56, 192, 160], 2: [512, 512] }, ct: ct(-30, 165.82, 62.18, 32.65) },
  '11': { spacingDhwMm: [5, 0.741, 0.741], ct: ct(-958, 93, -547.7, 281.08) },
};

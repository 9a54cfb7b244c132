/** Two label maps of one case, turned so that their axes are closest to LPS, and the image under them. */
import { AppException } from '../contract/errors.ts';
import type { Grid } from '../contract/vocabulary.ts';
import { readVolumeFile } from '../dataset/read/volumeFile.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { gridDistanceMm } from '../imaging/grid.ts';
import { labelVoxels } from '../imaging/labelVoxels.ts';
import { toCanonical } from '../imaging/orientation.ts';
import type { VoxelArray } from '../imaging/volume.ts';

/** Corner voxels may lie this part of the smallest spacing apart (rounded headers). */
const SAME_GRID_PART = 0.1;

export interface ReadPair {
  /** Of the truth, canonical. */
  readonly grid: Grid;
  readonly predicted: LabelArray;
  readonly truth: LabelArray;
}

/** Throws AppException evaluate/grids-differ, import/… for files that cannot be read. */
export async function readPair({ predictionFile, truthFile }: { readonly predictionFile: string; readonly truthFile: string }): Promise<ReadPair> {
  const truth = await readLabels(truthFile);
  const predicted = await readLabels(predictionFile);
  // Both are turned the same way first: a file stored in another axis order can still be the same grid.
  const detail = gridDifference(predicted.grid, truth.grid);
  if (detail) throw new AppException({ code: 'evaluate/grids-differ', path: predictionFile, truthPath: truthFile, detail });
  return { grid: truth.grid, predicted: predicted.voxels, truth: truth.voxels };
}

/** Voxels on `grid`; `undefined` without a file, and when it cannot be laid under the label maps: a picture does without. */
export async function readImageOn(grid: Grid, file: string | undefined): Promise<VoxelArray | undefined> {
  if (file === undefined) return undefined;
  try {
    const image = await readVolumeFile(file);
    const volume = toCanonical(image.channels[0]!, image.grid);
    return gridDifference(volume.grid, grid) ? undefined : volume.voxels;
  } catch (thrown) {
    if (thrown instanceof AppException) return undefined;
    throw thrown;
  }
}

async function readLabels(path: string) {
  const image = await readVolumeFile(path);
  if (image.channels.length !== 1)
    throw new AppException({ code: 'import/unsupported', path, detail: `${image.channels.length} volumes in one file, a label map has one` });
  const labels = labelVoxels(image.channels[0]!);
  if (!labels.ok) throw new AppException({ code: 'import/label-values', path, detail: labels.detail });
  return toCanonical(labels.voxels, image.grid);
}

function gridDifference(a: Grid, b: Grid): string | null {
  const distanceMm = gridDistanceMm(a, b);
  if (distanceMm === Infinity) return `${a.dimsIjk.join(' × ')} and ${b.dimsIjk.join(' × ')} voxels`;
  return distanceMm > SAME_GRID_PART * Math.min(...b.spacingMm) ? `${distanceMm.toFixed(2)} mm apart` : null;
}

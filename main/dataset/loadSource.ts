/** One found source to canonical volumes: pixels, geometry, label map, identity. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AppException, toAppError, type AppError } from '../contract/errors.ts';
import type { Grid, Segment } from '../contract/vocabulary.ts';
import { stackDicomSlices } from '../formats/dicom/stackDicomSlices.ts';
import { readNifti } from '../formats/nifti/readNifti.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { gridDistanceMm } from '../imaging/grid.ts';
import { labelVoxels } from '../imaging/labelVoxels.ts';
import { toCanonical } from '../imaging/orientation.ts';
import type { Volume, VoxelArray } from '../imaging/volume.ts';
import { readNiftiFile, uncompressed } from './niftiFile.ts';
import { readDicomFiles } from './readDicomFiles.ts';
import type { DicomSource, Source, VolumeSource } from './source.ts';
import type { Stop } from './sourceWalk.ts';

export interface LoadedSource {
  readonly baseName: string;
  /** Canonical, all on one grid and of one voxel type. */
  readonly channels: readonly Volume[];
  /** Of the files as they are; `fromCanonical(voxels, sourceGrid)` leads back. */
  readonly sourceGrid: Grid;
  /** As many as channels. */
  readonly channelNames: readonly string[];
  /** DICOM modality, or the first channel name; `unknown` when nothing says. */
  readonly modality: string;
  /** Patient id; absent when the source names none. */
  readonly subject?: string;
  /** Stable identity: series UID, or hash of the image files. */
  readonly sourceKey: string;
  /** Canonical, on the grid of the channels. Absent without a label file, and when that file does not fit (see `warnings`). */
  readonly label?: Volume<LabelArray>;
  /** Legend from `dataset.json`; empty when there is none. */
  readonly segments: readonly Segment[];
  /** What was doubtful, or why the label map was left out. */
  readonly warnings: readonly AppError[];
}

/** Corner voxels of a label map and its image may differ by this part of the smallest spacing (rounded headers). */
const SAME_GRID_PART = 0.1;

export interface LoadOptions {
  /** After an abort what is returned may lack slices. */
  readonly stop?: Stop;
}

/** Throws `AppException` with an `import/…` error when the image cannot be read; a bad label map only warns. */
export async function loadSource(source: Source, options: LoadOptions = {}): Promise<LoadedSource> {
  try {
    return source.kind === 'volume' ? await loadNifti(source) : await loadDicom(source, options);
  } catch (thrown) {
    throw asReadError(thrown, source.path);
  }
}

/** A file that vanished, is locked or too large for memory is a matter of that file. Anything unexpected stays as it is. */
function asReadError(thrown: unknown, path: string): unknown {
  if (thrown instanceof AppException || !(thrown instanceof Error)) return thrown;
  const isSystemError = 'code' in thrown && typeof thrown.code === 'string';
  if (!isSystemError && !(thrown instanceof RangeError)) return thrown;
  return new AppException({ code: 'import/unreadable', path, detail: thrown.message });
}

async function loadNifti(source: VolumeSource): Promise<LoadedSource> {
  const hash = createHash('sha256');
  const warnings: AppError[] = [];
  const voxels: VoxelArray[] = [];
  let sourceGrid: Grid | undefined;
  for (const path of source.files) {
    const bytes = await readFile(path);
    hash.update(bytes);
    const image = readNifti(await uncompressed(bytes, path), path);
    sourceGrid ??= image.grid;
    checkSameGrid(image.grid, sourceGrid, path, 'the first channel');
    if (image.nonFiniteCount > 0) {
      warnings.push({
        code: 'import/unsupported',
        path,
        detail: `${image.nonFiniteCount} voxels are not finite numbers and were read as 0`,
      });
    }
    voxels.push(...image.channels);
  }
  const grid = sourceGrid!;
  const channels = ofOneType(voxels).map((channel) => toCanonical(channel, grid));
  const names =
    source.channelNames.length === channels.length
      ? source.channelNames
      : channels.map((_, n) => (channels.length === 1 ? 'image' : `channel ${n}`));
  const label = await loadLabel(source.labelFile, grid, warnings);
  return {
    baseName: source.baseName,
    channels,
    sourceGrid: grid,
    channelNames: names,
    modality: source.channelNames[0] ?? 'unknown',
    sourceKey: `sha256:${hash.digest('hex')}`,
    segments: source.segments,
    warnings,
    ...(label ? { label } : {}),
  };
}

async function loadDicom(source: DicomSource, options: LoadOptions): Promise<LoadedSource> {
  const hash = createHash('sha256');
  const seeBytes = (bytes: Uint8Array) => void hash.update(bytes);
  const read = await readDicomFiles(source.files, { ...options, ...(source.sourceKey ? {} : { seeBytes }) });
  const keys = new Set(source.imageKeys);
  const slices = source.isPartOfFiles ? read.filter(({ key }) => keys.has(key)) : read;
  const { grid, voxels, quantity, warnings } = stackDicomSlices(slices, source.path);
  return {
    baseName: source.baseName,
    channels: [toCanonical(voxels, grid)],
    sourceGrid: grid,
    channelNames: [[source.modality, quantity].filter(Boolean).join(' ')],
    modality: source.modality,
    sourceKey: source.sourceKey || `sha256:${hash.digest('hex')}`,
    segments: [],
    warnings,
    ...(source.patientId ? { subject: source.patientId } : {}),
  };
}

/** Reads the label map on its own grid, which must be that of the image. Whatever is wrong becomes a warning. */
async function loadLabel(
  path: string | undefined,
  imageGrid: Grid,
  warnings: AppError[],
): Promise<Volume<LabelArray> | undefined> {
  if (path === undefined) return undefined;
  try {
    const image = await readNiftiFile(path);
    if (image.channels.length !== 1 || image.grid.dimsIjk.some((count, axis) => count !== imageGrid.dimsIjk[axis])) {
      const labelDims =
        image.channels.length === 1 ? image.grid.dimsIjk : [...image.grid.dimsIjk, image.channels.length];
      throw new AppException({
        code: 'import/label-shape',
        path,
        imageDims: [...imageGrid.dimsIjk],
        labelDims: [...labelDims],
      });
    }
    checkSameGrid(image.grid, imageGrid, path, 'its image');
    const labels = labelVoxels(image.channels[0]!);
    if (!labels.ok) throw new AppException({ code: 'import/label-values', path, detail: labels.detail });
    return toCanonical(labels.voxels, imageGrid);
  } catch (thrown) {
    warnings.push(toAppError(asReadError(thrown, path), path));
    return undefined;
  }
}

function checkSameGrid(grid: Grid, expected: Grid, path: string, other: string): void {
  const distanceMm = gridDistanceMm(grid, expected);
  if (distanceMm === Infinity) {
    throw new AppException({
      code: 'import/bad-geometry',
      path,
      detail: `${grid.dimsIjk.join(' × ')} voxels, but ${other} has ${expected.dimsIjk.join(' × ')}`,
    });
  }
  if (distanceMm > SAME_GRID_PART * Math.min(...expected.spacingMm)) {
    throw new AppException({
      code: 'import/bad-geometry',
      path,
      detail: `does not lie on ${other}: ${distanceMm.toFixed(2)} mm apart`,
    });
  }
}

/** Channels are stored with one voxel type; files of different types become int16 where that holds all, else float32. */
function ofOneType(channels: readonly VoxelArray[]): VoxelArray[] {
  const [first] = channels;
  if (channels.every((channel) => channel.constructor === first!.constructor)) return [...channels];
  const fitsInt16 = channels.every((channel) => channel instanceof Uint8Array || channel instanceof Int16Array);
  return channels.map((channel) => (fitsInt16 ? Int16Array.from(channel) : Float32Array.from(channel)));
}

/** One found image to canonical volumes: pixels, geometry, identity. Its label maps are read by `readLabels.ts`. */
import { createHash } from 'node:crypto';
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { DicomReference } from '../../formats/dicom/dicomReference.ts';
import { dicomReferenceOf } from '../../formats/dicom/dicomReferenceOf.ts';
import { parseDicom } from '../../formats/dicom/parseDicom.ts';
import { stackDicomSlices, type StackOptions } from '../../formats/dicom/stack/stackDicomSlices.ts';
import { gridDistanceMm } from '../../imaging/grid.ts';
import { toCanonical } from '../../imaging/orientation.ts';
import type { Volume, VoxelArray } from '../../imaging/volume.ts';
import { readFile } from '../../vault/readSealed.ts';
import { inflateDicom } from '../scan/dicomSources.ts';
import { readDicomFiles } from './readDicomFiles.ts';
import { isPlacedFile } from './readLabels.ts';
import type { DicomSource, Source, VolumeSource } from '../scan/source.ts';
import type { Stop } from '../scan/sourceWalk.ts';
import { readVolumeFile } from './volumeFile.ts';

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
  /** Stable identity: series UID and images, or hash of the image files. */
  readonly sourceKey: string;
  /** False when the header does not say how the image lies in the patient. */
  readonly isPlaced: boolean;
  /** Of a DICOM series: what objects derived from it must say. */
  readonly dicomReference?: DicomReference;
  /** What was doubtful. */
  readonly warnings: readonly AppError[];
}

export interface LoadOptions extends StackOptions {
  /** After an abort what is returned may lack slices. */
  readonly stop?: Stop;
}

/** Channels of one case may lie apart by this part of the smallest spacing (rounded headers). */
const SAME_GRID_PART = 0.1;

/** Throws `AppException` with an `import/…` error when the image cannot be read. */
export async function loadSource(source: Source, options: LoadOptions = {}): Promise<LoadedSource> {
  try {
    return source.kind === 'volume' ? await loadVolume(source) : await loadDicom(source, options);
  } catch (thrown) {
    throw asReadError(thrown, source.path);
  }
}

/** A file that vanished, is locked or too large for memory is a matter of that file. Anything unexpected stays as it is. */
export function asReadError(thrown: unknown, path: string): unknown {
  if (thrown instanceof AppException || !(thrown instanceof Error)) return thrown;
  const isSystemError = 'code' in thrown && typeof thrown.code === 'string';
  if (!isSystemError && !(thrown instanceof RangeError)) return thrown;
  return new AppException({ code: 'import/unreadable', path, detail: thrown.message });
}

async function loadVolume(source: VolumeSource): Promise<LoadedSource> {
  const hash = createHash('sha256');
  const warnings: AppError[] = [];
  const voxels: VoxelArray[] = [];
  let sourceGrid: Grid | undefined;
  for (const path of source.files) {
    const image = await readVolumeFile(path, (bytes) => void hash.update(bytes));
    sourceGrid ??= image.grid;
    checkSameGrid(image.grid, sourceGrid, path);
    warnings.push(...image.warnings);
    if (image.nonFiniteCount > 0) {
      warnings.push({ code: 'import/doubtful', path, detail: `${image.nonFiniteCount} voxels are not finite numbers and were read as 0` });
    }
    voxels.push(...image.channels);
  }
  const grid = sourceGrid!;
  const channels = ofOneType(voxels).map((channel) => toCanonical(channel, grid));
  const names =
    source.channelNames.length === channels.length ? source.channelNames : channels.map((_, n) => (channels.length === 1 ? 'image' : `channel ${n}`));
  return {
    baseName: source.baseName,
    channels,
    sourceGrid: grid,
    channelNames: names,
    modality: source.channelNames[0] ?? 'unknown',
    isPlaced: isPlacedFile(warnings),
    sourceKey: `sha256:${hash.digest('hex')}`,
    warnings,
  };
}

async function loadDicom(source: DicomSource, options: LoadOptions): Promise<LoadedSource> {
  const hash = createHash('sha256');
  const seeBytes = (bytes: Uint8Array) => void hash.update(bytes);
  const read = await readDicomFiles(source.files, { ...options, ...(source.sourceKey ? {} : { seeBytes }) });
  const keys = new Set(source.imageKeys);
  const slices = source.isPartOfFiles ? read.filter(({ key }) => keys.has(key)) : read;
  const { grid, voxels, quantity, sliceKeys, warnings } = stackDicomSlices(slices, source.path, options);
  const first = slices.find(({ key }) => key === sliceKeys[0])?.path ?? source.files[0]!;
  return {
    baseName: source.baseName,
    channels: [toCanonical(voxels, grid)],
    sourceGrid: grid,
    channelNames: [[source.modality, quantity].filter(Boolean).join(' ')],
    modality: source.modality,
    isPlaced: true,
    sourceKey: source.sourceKey || `sha256:${hash.digest('hex')}`,
    dicomReference: dicomReferenceOf(parseDicom(await readFile(first), first, inflateDicom).dataSet, sliceKeys),
    warnings,
    ...(source.patientId ? { subject: source.patientId } : {}),
  };
}

function checkSameGrid(grid: Grid, expected: Grid, path: string): void {
  const distanceMm = gridDistanceMm(grid, expected);
  if (distanceMm === Infinity) {
    const detail = `${grid.dimsIjk.join(' × ')} voxels, but the first channel has ${expected.dimsIjk.join(' × ')}`;
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  }
  if (distanceMm > SAME_GRID_PART * Math.min(...expected.spacingMm)) {
    const detail = `it does not lie on the first channel: ${distanceMm.toFixed(2)} mm apart`;
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  }
}

/** Channels are stored with one voxel type; files of different types become int16 where that holds all, else float32. */
function ofOneType(channels: readonly VoxelArray[]): VoxelArray[] {
  const [first] = channels;
  if (channels.every((channel) => channel.constructor === first!.constructor)) return [...channels];
  const fitsInt16 = channels.every((channel) => channel instanceof Uint8Array || channel instanceof Int16Array);
  return channels.map((channel) => (fitsInt16 ? Int16Array.from(channel) : Float32Array.from(channel)));
}

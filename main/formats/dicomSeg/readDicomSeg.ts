/**
 * A DICOM segmentation object (PS3.3 A.51, A.93) to segments on a grid of its own. Reads BINARY, FRACTIONAL (above a
 * threshold) and LABELMAP, frames in any order, empty ones left out.
 */
import type { DataSet } from 'dicom-parser';
import { AppException, type AppError } from '../../contract/errors.ts';
import { parseDicom, type Inflate } from '../dicom/parseDicom.ts';
import type { PixelCodecs } from '../dicom/pixels/pixelCodecs.ts';
import type { ReadSegment, Segmentation } from '../segmentation/segmentation.ts';
import { backgroundOf, largestFraction, segLayout, segmentedImage, segmentNumberOf, segPlane } from './segFacts.ts';
import { segGeometry, type SegGeometry } from './segGeometry.ts';
import { copyLabels, paintFrame, segFrames, type FrameBytes, type SegLayout } from './segPixels.ts';
import { segSegments } from './segSegments.ts';

export interface DicomSegOptions {
  readonly inflate?: Inflate;
  /** Asked for when pixels are compressed otherwise than by run lengths. */
  readonly codecs?: () => Promise<PixelCodecs>;
  /** Of FRACTIONAL segments: the share of the largest value from which on a voxel belongs to the segment; 0.5 unless given. */
  readonly fractionalThreshold?: number;
}

/** Two of them fit the memory that an import may use. */
const MOST_VOXELS = 3 * 2 ** 28;

/**
 * Throws `import/unsupported` (slides, projections, other objects), `import/bad-geometry`, `import/truncated`,
 * `import/unreadable`.
 */
export async function readDicomSeg(bytes: Uint8Array, path: string, options: DicomSegOptions = {}): Promise<Segmentation> {
  const { dataSet, transferSyntaxUid } = parseDicom(bytes, path, options.inflate);
  const layout = segLayout(dataSet, path);
  const frames = await segFrames(dataSet, layout, transferSyntaxUid, options.codecs, path);
  const planes = Array.from({ length: layout.frameCount }, (_, frame) => segPlane(dataSet, frame));
  const geometry = segGeometry(planes, layout.rows, layout.columns, path);
  const voxelCount = layout.rows * layout.columns * geometry.planeOfSlice.length;
  if (voxelCount > MOST_VOXELS) throw new AppException({ code: 'import/unsupported', path, detail: `${voxelCount} voxels` });
  const object: SegObject = { dataSet, layout, geometry, frames };
  const { segments, maskOf, warnings } = layout.type === 'LABELMAP' ? labelmapSegments(object) : frameSegments(object, options.fractionalThreshold ?? 0.5);
  return {
    grid: geometry.grid,
    segments,
    image: segmentedImage(dataSet),
    warnings: [...geometry.warnings, ...warnings].map((detail): AppError => ({ code: 'import/doubtful', path, detail })),
    maskOf,
  };
}

interface SegObject {
  readonly dataSet: DataSet;
  readonly layout: SegLayout;
  readonly geometry: SegGeometry;
  readonly frames: (frame: number) => FrameBytes;
}
interface ReadSegments {
  readonly segments: readonly ReadSegment[];
  readonly maskOf: (index: number) => Uint8Array;
  readonly warnings: readonly string[];
}

/** BINARY and FRACTIONAL: every frame belongs to one segment. */
function frameSegments({ dataSet, layout, geometry, frames }: SegObject, fractionalThreshold: number): ReadSegments {
  const warnings: string[] = [];
  const segments = segSegments(dataSet);
  const framesOfNumber = new Map<number, number[]>();
  for (let frame = 0; frame < layout.frameCount; frame++) {
    const number = segmentNumberOf(dataSet, frame) ?? (segments.length === 1 ? segments[0]!.number : 0);
    framesOfNumber.set(number, framesOfNumber.get(number) ?? []);
    framesOfNumber.get(number)!.push(frame);
  }
  addUndescribed(segments, [...framesOfNumber.keys()], warnings);
  const largest = largestFraction(dataSet);
  // at least 1: a threshold of 0 would take in everything
  const threshold = layout.type === 'FRACTIONAL' ? Math.max(1, fractionalThreshold * largest) : 1;
  if (layout.type === 'FRACTIONAL') warnings.push(`its segments hold fractions; voxels of at least ${Number(threshold.toFixed(1))} of ${largest} were taken`);
  const slices = slicesOfPlanes(geometry);
  const pixels = layout.rows * layout.columns;
  const maskOf = (index: number): Uint8Array => {
    const mask = new Uint8Array(pixels * geometry.planeOfSlice.length);
    for (const frame of framesOfNumber.get(segments[index]!.number) ?? []) {
      const bytes = frames(frame);
      for (const slice of slices[geometry.planeOfFrame[frame]!]!) paintFrame(bytes, pixels, threshold, mask, slice * pixels);
    }
    return mask;
  };
  return { segments, maskOf, warnings };
}

/** LABELMAP: pixel values are segment numbers. All frames are kept as one array of labels. */
function labelmapSegments({ dataSet, layout, geometry, frames }: SegObject): ReadSegments {
  const warnings: string[] = [];
  const background = backgroundOf(dataSet);
  const pixels = layout.rows * layout.columns;
  const voxelCount = pixels * geometry.planeOfSlice.length;
  const labels = layout.allocatedBits === 8 ? new Uint8Array(voxelCount) : new Uint16Array(voxelCount);
  if (background !== 0) labels.fill(background);
  const slices = slicesOfPlanes(geometry);
  if (slices.length < layout.frameCount) warnings.push('several of its frames lie at one position; the last of them was taken');
  for (let frame = 0; frame < layout.frameCount; frame++) {
    for (const slice of slices[geometry.planeOfFrame[frame]!]!) copyLabels(frames(frame), pixels, labels, slice * pixels);
  }
  const occurs = new Uint8Array(65_536);
  for (let n = 0; n < labels.length; n++) occurs[labels[n]!] = 1;
  occurs[background] = 0;
  const segments = segSegments(dataSet).filter(({ number }) => number !== background);
  addUndescribed(
    segments,
    [...occurs.keys()].filter((value) => occurs[value] === 1),
    warnings,
  );
  const maskOf = (index: number): Uint8Array => {
    const { number } = segments[index]!;
    const mask = new Uint8Array(voxelCount);
    for (let n = 0; n < voxelCount; n++) if (labels[n] === number) mask[n] = 1;
    return mask;
  };
  return { segments, maskOf, warnings };
}

/** Segments whose voxels are there, but not their description. */
function addUndescribed(segments: ReadSegment[], numbers: readonly number[], warnings: string[]): void {
  const described = new Set(segments.map(({ number }) => number));
  for (const number of numbers.filter((one) => !described.has(one)).sort((a, b) => a - b)) {
    segments.push({ number, name: `Segment ${number}` });
    warnings.push(`segment ${number} has voxels but no description`);
  }
}

/** Of each plane: the k at which it lies; several where uneven planes were spread. */
function slicesOfPlanes({ planeOfSlice }: SegGeometry): number[][] {
  const slices: number[][] = Array.from({ length: planeOfSlice.reduce((most, plane) => Math.max(most, plane), 0) + 1 }, () => []);
  planeOfSlice.forEach((plane, slice) => {
    if (plane >= 0) slices[plane]!.push(slice);
  });
  return slices;
}

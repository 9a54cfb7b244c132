/**
 * Slices of one series to one volume. Geometry comes from the position and orientation of every slice, never from
 * SliceThickness or SpacingBetweenSlices. What is no regular grid is refused with the reason; nothing is resampled.
 */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import type { DicomSlice } from './readDicomSlices.ts';

export interface DicomVolume {
  /** k runs along the normal of the slices, ascending. */
  readonly grid: Grid;
  /** Modality values (Hounsfield units for CT): int16 where they are whole and fit, else uint16 or float32. */
  readonly voxels: VoxelArray;
  readonly warnings: readonly AppError[];
}

type Vector = readonly [number, number, number];

interface Plane {
  readonly row: Vector;
  readonly column: Vector;
  readonly normal: Vector;
  /** Between voxels along i, along j. */
  readonly spacingMm: readonly [number, number];
}

interface PlacedSlice {
  readonly slice: DicomSlice;
  readonly origin: Vector;
  /** Position along the normal of the stack. */
  readonly depthMm: number;
}

const SAME_DIRECTION = 1e-3;
/** Slices nearer than this lie at one position. */
const SAME_POSITION_MM = 1e-3;

/** `path` names the series in errors. Throws `import/bad-geometry` or `import/unsupported`. */
export function stackDicomSlices(slices: readonly DicomSlice[], path: string): DicomVolume {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  };
  const unique = [...new Map(slices.map((slice) => [slice.key, slice])).values()];
  const first = unique[0];
  if (!first) return refuse('no slices');
  const plane = planeOf(first, refuse);
  for (const slice of unique) checkSamePlane(slice, first, refuse);
  const placed = unique.map((slice) => place(slice, plane, refuse)).sort((a, b) => a.depthMm - b.depthMm);
  const warnings: AppError[] = [];
  if (unique.some((slice) => slice.isMonochrome1)) {
    warnings.push({
      code: 'import/unsupported',
      path,
      detail: 'MONOCHROME1: values are kept, so bright and dark appear exchanged',
    });
  }
  let spacingK: number;
  if (placed.length === 1) {
    spacingK = first.sliceThicknessMm && first.sliceThicknessMm > 0 ? first.sliceThicknessMm : 1;
    warnings.push({
      code: 'import/bad-geometry',
      path,
      detail: `a single slice: ${spacingK} mm taken as its thickness`,
    });
  } else {
    spacingK = sliceSpacing(placed, refuse);
    checkUpright(placed, plane, refuse);
  }
  const origin = placed[0]!.origin;
  const axes = [
    plane.row.map((x) => x * plane.spacingMm[0]),
    plane.column.map((x) => x * plane.spacingMm[1]),
    plane.normal.map((x) => x * spacingK),
  ];
  const affine = [0, 1, 2].flatMap((world) => [...axes.map((axis) => axis[world]!), origin[world]!]);
  const grid = gridFromAffine([first.columns, first.rows, placed.length], [...affine, 0, 0, 0, 1], path);
  return { grid, voxels: modalityValues(placed.map(({ slice }) => slice)), warnings };
}

type Refuse = (detail: string) => never;

function planeOf(slice: DicomSlice, refuse: Refuse): Plane {
  const { orientation, pixelSpacingMm } = slice;
  if (!orientation || orientation.length !== 6 || !orientation.every(Number.isFinite))
    return refuse('no ImageOrientationPatient: the image does not say how it lies in the patient');
  if (!pixelSpacingMm || pixelSpacingMm.length !== 2 || !pixelSpacingMm.every((mm) => mm > 0))
    return refuse('no PixelSpacing');
  const [row, column] = [unit(orientation.slice(0, 3)), unit(orientation.slice(3, 6))];
  if (!row || !column || Math.abs(dot(row, column)) > SAME_DIRECTION)
    return refuse('rows and columns of ImageOrientationPatient are not at right angles');
  const normal = unit(cross(row, column))!;
  // PixelSpacing is row spacing (along j) first
  return { row, column: cross(normal, row), normal, spacingMm: [pixelSpacingMm[1]!, pixelSpacingMm[0]!] };
}

function checkSamePlane(slice: DicomSlice, first: DicomSlice, refuse: Refuse): void {
  if (slice.rows !== first.rows || slice.columns !== first.columns) {
    refuse(`slices of different size: ${first.columns} × ${first.rows} and ${slice.columns} × ${slice.rows}`);
  }
  if (
    !slice.orientation ||
    slice.orientation.some((x, n) => !(Math.abs(x - first.orientation![n]!) <= SAME_DIRECTION))
  ) {
    refuse('slices of several orientations in one series (a localizer or a rotating view)');
  }
  if (
    !slice.pixelSpacingMm ||
    slice.pixelSpacingMm.some((mm, n) => !(Math.abs(mm - first.pixelSpacingMm![n]!) <= 1e-3 * mm))
  ) {
    refuse('slices of different pixel spacing');
  }
}

function place(slice: DicomSlice, plane: Plane, refuse: Refuse): PlacedSlice {
  const position = slice.positionLpsMm;
  if (!position || position.length !== 3 || !position.every(Number.isFinite))
    return refuse(`no ImagePositionPatient in ${slice.path}`);
  const origin: Vector = [position[0]!, position[1]!, position[2]!];
  return { slice, origin, depthMm: dot(origin, plane.normal) };
}

/** The one spacing of all slices; refuses duplicates, gaps and uneven stacks. */
function sliceSpacing(placed: readonly PlacedSlice[], refuse: Refuse): number {
  const gaps = placed.slice(1).map((slice, n) => slice.depthMm - placed[n]!.depthMm);
  const distinct = 1 + gaps.filter((gap) => gap >= SAME_POSITION_MM).length;
  if (distinct < placed.length) {
    return refuse(
      `${placed.length} images at ${distinct} slice positions (several echoes, b-values or time points in one series)`,
    );
  }
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1]!;
  const tolerance = Math.max(0.02 * usual, 0.02);
  const odd = gaps.findIndex((gap) => Math.abs(gap - usual) > tolerance);
  const spacing = (placed[placed.length - 1]!.depthMm - placed[0]!.depthMm) / gaps.length;
  const drifts = placed.some(({ depthMm }, n) => Math.abs(depthMm - placed[0]!.depthMm - n * spacing) > tolerance);
  if (odd < 0 && !drifts) return spacing;
  if (odd < 0) return refuse(`slice spacing changes gradually from ${mm(gaps[0]!)} to ${mm(gaps[gaps.length - 1]!)}`);
  const oddCount = gaps.filter((gap) => Math.abs(gap - usual) > tolerance).length;
  const steps = gaps[odd]! / usual;
  const isGap = steps > 1.5 && Math.abs(steps - Math.round(steps)) * usual <= 2 * tolerance;
  const missing = isGap ? `, ${Math.round(steps) - 1} missing` : '';
  return refuse(
    `uneven slice spacing: ${mm(gaps[odd]!)} between slices ${odd + 1} and ${odd + 2}${missing}, usually ${mm(usual)}` +
      (oddCount > 1 ? `; ${oddCount} of ${gaps.length} distances differ` : ''),
  );
}

/** Refuses a stack whose slices are shifted in their own plane: a tilted gantry, or positions that wander. */
function checkUpright(placed: readonly PlacedSlice[], plane: Plane, refuse: Refuse): void {
  const first = placed[0]!;
  const shifts = placed.map(({ origin, depthMm }) => {
    const along = depthMm - first.depthMm;
    return Math.hypot(...[0, 1, 2].map((n) => origin[n]! - first.origin[n]! - along * plane.normal[n]!));
  });
  const largest = Math.max(...shifts);
  if (largest <= 0.1 * Math.min(...plane.spacingMm) + 0.01) return;
  const lastShift = shifts[shifts.length - 1]!;
  const degrees = (Math.atan2(lastShift, placed[placed.length - 1]!.depthMm - first.depthMm) * 180) / Math.PI;
  if (lastShift >= 0.9 * largest)
    refuse(
      `sheared stack (gantry tilt): slices are shifted by ${degrees.toFixed(1)}°, ${mm(lastShift)} from first to last`,
    );
  refuse(`slices do not lie above each other: one is shifted by ${mm(largest)} in its plane`);
}

/** Applies each slice's rescale; two passes, so that one array of the right type is allocated. */
function modalityValues(slices: readonly DicomSlice[]): VoxelArray {
  const pixelsPerSlice = slices[0]!.stored.length;
  const count = pixelsPerSlice * slices.length;
  let [isWhole, lowest, highest] = [true, Infinity, -Infinity];
  for (const { stored, slope, intercept } of slices) {
    isWhole &&= Number.isInteger(slope) && Number.isInteger(intercept);
    for (let n = 0; n < pixelsPerSlice; n++) {
      const value = stored[n]! * slope + intercept;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  }
  const fitsInt16 = isWhole && lowest >= -32768 && highest <= 32767;
  const fitsUint16 = isWhole && lowest >= 0 && highest <= 65535;
  const voxels = fitsInt16 ? new Int16Array(count) : fitsUint16 ? new Uint16Array(count) : new Float32Array(count);
  let at = 0;
  for (const { stored, slope, intercept } of slices) {
    for (let n = 0; n < pixelsPerSlice; n++) voxels[at++] = stored[n]! * slope + intercept;
  }
  return voxels;
}

const mm = (value: number) => `${Number(value.toFixed(3))} mm`;
const dot = (a: readonly number[], b: readonly number[]) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;
const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function unit(v: readonly number[]): Vector | null {
  const norm = Math.hypot(v[0]!, v[1]!, v[2]!);
  return norm > 0.9 && norm < 1.1 ? [v[0]! / norm, v[1]! / norm, v[2]! / norm] : null;
}

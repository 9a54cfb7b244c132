/**
 * Slices of one stack to one volume. Geometry comes from the position and orientation of every slice, never from
 * SliceThickness or SpacingBetweenSlices. What is no regular grid is resampled to one, and said, or refused with the
 * reason; the rules stand in docs/dicom.md.
 */
import { AppException, type AppError } from '../../../contract/errors.ts';
import type { Grid } from '../../../contract/vocabulary.ts';
import { gridFromAffine } from '../../../imaging/grid.ts';
import type { VoxelArray } from '../../../imaging/volume.ts';
import { valueRange, voxelArrayFor, writeValues } from './modalityValues.ts';
import { petScaled, type PetChoice } from './petScaled.ts';
import { groupByPosition, mm, placeSlices, stackShift, type PlacedSlice, type Refuse, type StackPlane } from './placedSlices.ts';
import { spacePlanes, type PlaneSpacing } from './planeSpacing.ts';
import type { DicomSlice } from '../readDicomSlices.ts';
import { resampleStack } from './resampleStack.ts';

export interface DicomVolume {
  /** k runs along the normal of the slices, ascending. */
  readonly grid: Grid;
  /** Modality values (Hounsfield units for CT): int16 where they are whole and fit, else uint16 or float32. */
  readonly voxels: VoxelArray;
  /** True when voxels were interpolated, so that a plane of the grid is no longer one image. */
  readonly isResampled: boolean;
  /** `DicomSlice.key` for each k; empty when resampled. */
  readonly sliceKeys: readonly string[];
  /** What PET values are, e.g. `SUVbw`, `BQML`; '' otherwise. */
  readonly quantity: string;
  readonly warnings: readonly AppError[];
}

export interface StackOptions {
  /** PET as standardised uptake values by body weight, where the headers allow it, or as stored. Default: `suv`. */
  readonly pet?: PetChoice;
}

/** Beyond this, float32 does not hold every whole number. */
const LARGEST_EXACT_FLOAT32 = 2 ** 24;
/** Less shifts the slices of a long stack by no more than rounding does. */
const SMALLEST_TILT_DEGREES = 0.5;
const LARGEST_FLOAT32 = 3.4e38;

/** `path` names the series in errors. Throws `import/bad-geometry`, or `import/unreadable` for values that are no numbers. */
export function stackDicomSlices(slices: readonly DicomSlice[], path: string, options: StackOptions = {}): DicomVolume {
  const refuse: Refuse = (detail) => {
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  };
  const warnings: AppError[] = [];
  const warn = (code: 'import/resampled' | 'import/assumed' | 'import/values', detail: string) => void warnings.push({ code, path, detail });
  const unique = [...new Map(slices.map((slice) => [slice.key, slice])).values()];
  const { scaled, quantity, note } = petScaled(unique, options.pet ?? 'suv');
  if (note) warn('import/values', note);
  warnOfValues(unique, warn);
  const { plane, placed: all } = placeSlices(scaled, refuse);
  const placed = onePerPosition(all, plane, refuse, (detail) => warn('import/assumed', detail));
  const spacing = placed.length === 1 ? singlePlane(placed[0]!.slice, warn) : spacePlanes(depthsMm(placed), refuse);
  const shift = stackShift(placed, plane);
  const kStep = shift.kind === 'leaning' ? leaningStep(placed, spacing) : plane.normal.map((x) => x * spacing.spacingMm);
  const irregularities = [spacing.irregularity, shift.kind === 'shifted' ? shift.detail : null].filter((text) => text !== null);
  if (irregularities.length > 0) {
    const { grid, voxels } = resampled(placed, plane, kStep, spacing.planes, shift.kind === 'shifted', refuse, path);
    const [ni, nj, nk] = grid.dimsIjk;
    const outcome = `${placed.length} slices became a grid of ${ni} × ${nj} × ${nk} with ${mm(grid.spacingMm[2])} between planes`;
    warn('import/resampled', `${irregularities.join('; ')}; ${outcome}, interpolated linearly`);
    return { grid, voxels, isResampled: true, sliceKeys: [], quantity, warnings };
  }
  const { slice, originLpsMm } = placed[0]!;
  const tilt = slice.gantryTiltDegrees ?? 0;
  if (Math.abs(tilt) >= SMALLEST_TILT_DEGREES && placed.length > 1)
    warn('import/assumed', `the scanner names a gantry tilt of ${tilt}°, but the positions of the slices show none`);
  const grid = gridOf(plane, kStep, originLpsMm, [slice.columns, slice.rows, placed.length], path);
  const voxels = modalityValues(placed, path, warn);
  return { grid, voxels, isResampled: false, sliceKeys: placed.map((one) => one.slice.key), quantity, warnings };
}

type Warn = (code: 'import/resampled' | 'import/assumed' | 'import/values', detail: string) => void;

const depthsMm = (placed: readonly PlacedSlice<unknown>[]) => placed.map(({ depthMm }) => depthMm);

function warnOfValues(slices: readonly DicomSlice[], warn: Warn): void {
  if (slices.some((slice) => slice.isMonochrome1)) warn('import/values', 'MONOCHROME1: values are kept, so bright and dark appear exchanged');
  if (slices.some((slice) => slice.hasModalityLut)) warn('import/values', 'a modality lookup table is not applied: the values are the stored ones');
}

/** Copies of one image under another UID count once; different images at one position are refused. */
function onePerPosition(
  placed: readonly PlacedSlice<DicomSlice>[],
  plane: StackPlane,
  refuse: Refuse,
  warn: (detail: string) => void,
): PlacedSlice<DicomSlice>[] {
  const groups = groupByPosition(placed, plane);
  if (groups.length === placed.length) return [...placed];
  const areCopies = groups.every((group) => group.every(({ slice }) => isSameImage(slice, group[0]!.slice)));
  if (!areCopies) {
    refuse(`${placed.length} images at ${groups.length} slice positions, and nothing in their headers tells them apart`);
  }
  warn(`${placed.length - groups.length} images are copies of others at the same position and were left out`);
  return groups.map((group) => group[0]!);
}

function isSameImage(a: DicomSlice, b: DicomSlice): boolean {
  if (a.slope !== b.slope || a.intercept !== b.intercept || a.stored.length !== b.stored.length) return false;
  for (let n = 0; n < a.stored.length; n++) if (a.stored[n] !== b.stored[n]) return false;
  return true;
}

function singlePlane({ sliceThicknessMm }: DicomSlice, warn: Warn): PlaneSpacing {
  const spacingMm = sliceThicknessMm && sliceThicknessMm > 0 ? sliceThicknessMm : 1;
  warn('import/assumed', `a single slice: ${spacingMm} mm taken as its thickness`);
  return { spacingMm, planes: [{ below: 0, weight: 0 }], irregularity: null };
}

function resampled(
  placed: readonly PlacedSlice<DicomSlice>[],
  plane: StackPlane,
  kStep: readonly number[],
  planes: PlaneSpacing['planes'],
  isShifted: boolean,
  refuse: Refuse,
  path: string,
): { grid: Grid; voxels: VoxelArray } {
  const { columns, rows } = placed[0]!.slice;
  const [iSpan, jSpan] = [0, 1].map((axis) => {
    const shifts = isShifted ? placed.map(({ shiftPx }) => shiftPx[axis]!) : [0];
    // a small allowance, so that rounding does not add an empty column
    return { begin: Math.floor(Math.min(...shifts) + 1e-3), end: Math.ceil(Math.max(...shifts) - 1e-3) };
  }) as [Span, Span];
  if (iSpan.end - iSpan.begin > columns || jSpan.end - jSpan.begin > rows) refuse('the slices are shifted so far that the first and the last do not overlap');
  const size = [columns + iSpan.end - iSpan.begin, rows + jSpan.end - jSpan.begin] as const;
  const offsets = (axis: 0 | 1, { begin }: Span) => placed.map(({ shiftPx }) => (isShifted ? shiftPx[axis] : 0) - begin);
  const [iOffsets, jOffsets] = [offsets(0, iSpan), offsets(1, jSpan)];
  const shifted = placed.map(({ slice }, n) => ({ ...slice, offsetPx: [iOffsets[n]!, jOffsets[n]!] as const }));
  const start = placed[0]!.originLpsMm;
  const origin = start.map((x, n) => x + plane.row[n]! * plane.spacingMm[0] * iSpan.begin + plane.column[n]! * plane.spacingMm[1] * jSpan.begin);
  const grid = gridOf(plane, kStep, origin, [...size, planes.length], path);
  checkFinite(valueRange(shifted), path);
  return { grid, voxels: resampleStack(shifted, planes, [columns, rows], size) };
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/** From one plane to the next along the line of the slices. */
function leaningStep(placed: readonly PlacedSlice<unknown>[], { spacingMm }: PlaneSpacing): number[] {
  const [first, last] = [placed[0]!, placed.at(-1)!];
  return first.originLpsMm.map((x, n) => ((last.originLpsMm[n]! - x) * spacingMm) / last.depthMm);
}

function gridOf(plane: StackPlane, kStep: readonly number[], originLpsMm: readonly number[], dimsIjk: readonly number[], path: string): Grid {
  const axes = [plane.row.map((x) => x * plane.spacingMm[0]), plane.column.map((x) => x * plane.spacingMm[1]), kStep];
  const affine = [0, 1, 2].flatMap((world) => [...axes.map((axis) => axis[world]!), originLpsMm[world]!]);
  return gridFromAffine(dimsIjk, [...affine, 0, 0, 0, 1], path);
}

/** Two passes, so that one array of the right type is allocated. */
function modalityValues(placed: readonly PlacedSlice<DicomSlice>[], path: string, warn: Warn): VoxelArray {
  const slices = placed.map(({ slice }) => slice);
  const range = valueRange(slices);
  checkFinite(range, path);
  const pixelsPerSlice = slices[0]!.stored.length;
  const voxels = voxelArrayFor(range, pixelsPerSlice * slices.length);
  if (range.isWhole && voxels instanceof Float32Array) {
    const largest = Math.max(-range.lowest, range.highest);
    if (largest > LARGEST_EXACT_FLOAT32) warn('import/values', `values up to ${largest} are rounded to 24 bits`);
  }
  slices.forEach((slice, k) => writeValues(slice, voxels, k * pixelsPerSlice));
  return voxels;
}

function checkFinite({ lowest, highest }: { lowest: number; highest: number }, path: string): void {
  if (lowest >= -LARGEST_FLOAT32 && highest <= LARGEST_FLOAT32) return;
  throw new AppException({ code: 'import/unreadable', path, detail: 'slope and intercept lead beyond all numbers' });
}

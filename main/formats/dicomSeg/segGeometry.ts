/**
 * The grid of a segmentation object: regular, through the planes of its frames. Planes without frames (empty ones are
 * commonly left out) are slices without voxels.
 */
import { AppException } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { cross, dot, unit, type Vector } from '../../imaging/vectors.ts';

export interface SegPlane {
  readonly positionLpsMm: readonly number[] | undefined;
  readonly orientation: readonly number[] | undefined;
  /** Between rows, then between columns. */
  readonly pixelSpacingMm: readonly number[] | undefined;
  readonly spacingBetweenSlicesMm: number | undefined;
  readonly sliceThicknessMm: number | undefined;
}

export interface SegGeometry {
  /** k ascends along the normal of the frames. */
  readonly grid: Grid;
  /** Of each frame: index of its plane, counted along the normal. */
  readonly planeOfFrame: Int32Array;
  /** Of each k: index of the plane that lies there, or -1. */
  readonly planeOfSlice: Int32Array;
  readonly warnings: readonly string[];
}

const SAME_DIRECTION = 1e-3;
const SAME_POSITION_MM = 1e-3;
/** Of the distance between slices: how far planes may lie from where a regular grid has them. */
const OFF_GRID = 0.02;
/** Planes may be left out, but a grid that is nearly nothing else comes from a wrong position. */
const MOST_SLICES = (planeCount: number): number => 2048 + 8 * planeCount;
const LARGEST_DIVISOR = 8;

/** Throws `import/bad-geometry` for frames that lie on no common grid. */
export function segGeometry(planes: readonly SegPlane[], rows: number, columns: number, path: string): SegGeometry {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  };
  const first = planes[0] ?? refuse('no frames');
  const [row, column] = axesOf(first, refuse);
  const normal = cross(row, column);
  const [alongJ, alongI] = spacingOf(first, refuse);
  const origins = planes.map((plane) => originOf(plane, first, refuse));
  const depths = origins.map((origin) => dot(origin, normal));
  const order = [...depths.keys()].sort((a, b) => depths[a]! - depths[b]!);
  checkUpright(
    order.map((frame) => origins[frame]!),
    normal,
    Math.min(alongI, alongJ),
    refuse,
  );

  const planeOfFrame = new Int32Array(planes.length);
  const planeDepths: number[] = [];
  for (const frame of order) {
    if (planeDepths.length === 0 || depths[frame]! - planeDepths.at(-1)! > SAME_POSITION_MM) planeDepths.push(depths[frame]!);
    planeOfFrame[frame] = planeDepths.length - 1;
  }
  const { spacingMm, planeOfSlice, warnings } = slicesOf(planeDepths, first, refuse);
  const origin = origins[order[0]!]!;
  const axes = [row.map((x) => x * alongI), column.map((x) => x * alongJ), normal.map((x) => x * spacingMm)];
  const affine = [0, 1, 2].flatMap((world) => [...axes.map((axis) => axis[world]!), origin[world]!]);
  const grid = gridFromAffine([columns, rows, planeOfSlice.length], [...affine, 0, 0, 0, 1], path);
  return { grid, planeOfFrame, planeOfSlice, warnings };
}

type Refuse = (detail: string) => never;

function axesOf({ orientation }: SegPlane, refuse: Refuse): [Vector, Vector] {
  if (orientation?.length !== 6 || !orientation.every(Number.isFinite)) {
    return refuse('no Image Orientation (Patient): the segments do not say how they lie in the patient');
  }
  const [row, column] = [unit(orientation.slice(0, 3)), unit(orientation.slice(3, 6))];
  if (!row || !column || Math.abs(dot(row, column)) > SAME_DIRECTION) {
    return refuse('rows and columns of Image Orientation (Patient) are not at right angles');
  }
  return [row, cross(unit(cross(row, column))!, row)];
}

function spacingOf({ pixelSpacingMm }: SegPlane, refuse: Refuse): readonly [number, number] {
  const [alongJ, alongI] = pixelSpacingMm ?? [];
  if (!(alongJ! > 0) || !(alongI! > 0)) return refuse('no Pixel Spacing');
  return [alongJ!, alongI!];
}

function originOf(plane: SegPlane, first: SegPlane, refuse: Refuse): Vector {
  const { positionLpsMm, orientation, pixelSpacingMm } = plane;
  if (positionLpsMm?.length !== 3 || !positionLpsMm.every(Number.isFinite)) {
    return refuse('a frame without Image Position (Patient)');
  }
  if (orientation?.some((x, n) => !(Math.abs(x - first.orientation![n]!) <= SAME_DIRECTION)) ?? true) {
    return refuse('frames of several orientations in one object');
  }
  if (pixelSpacingMm?.some((mm, n) => !(Math.abs(mm - first.pixelSpacingMm![n]!) <= 1e-3 * mm)) ?? true) {
    return refuse('frames of different pixel spacing in one object');
  }
  return [positionLpsMm[0]!, positionLpsMm[1]!, positionLpsMm[2]!];
}

function checkUpright(origins: readonly Vector[], normal: Vector, pixelMm: number, refuse: Refuse): void {
  const [start] = origins;
  for (const origin of origins) {
    const away = origin.map((x, n) => x - start![n]!);
    const along = dot(away, normal);
    const shiftMm = Math.hypot(...away.map((x, n) => x - along * normal[n]!));
    if (shiftMm > 0.1 * pixelMm + 0.01) {
      refuse(`frames are shifted in their own plane by up to ${mm(shiftMm)} (a tilted gantry, or frames of several sizes)`);
    }
  }
}

interface Slices {
  readonly spacingMm: number;
  readonly planeOfSlice: Int32Array;
  readonly warnings: readonly string[];
}

function slicesOf(depths: readonly number[], measures: SegPlane, refuse: Refuse): Slices {
  const positive = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);
  const declared = positive(measures.spacingBetweenSlicesMm);
  if (depths.length === 1) {
    const spacingMm = declared ?? positive(measures.sliceThicknessMm);
    const warnings = spacingMm === undefined ? ['a single plane without a thickness: 1 mm taken'] : [];
    return { spacingMm: spacingMm ?? 1, planeOfSlice: Int32Array.of(0), warnings };
  }
  const gaps = depths.slice(1).map((depth, n) => depth - depths[n]!);
  const smallest = gaps.reduce((a, b) => Math.min(a, b));
  const candidates = [...(declared === undefined ? [] : [declared]), ...Array.from({ length: LARGEST_DIVISOR }, (_, n) => smallest / (n + 1))];
  for (const candidate of candidates) {
    const regular = regularSlices(depths, candidate, refuse);
    if (regular) return regular;
  }
  return unevenSlices(depths, gaps, smallest, refuse);
}

/** `null` when the planes do not lie on multiples of the spacing. */
function regularSlices(depths: readonly number[], candidateMm: number, refuse: Refuse): Slices | null {
  const extent = depths.at(-1)! - depths[0]!;
  const steps = Math.round(extent / candidateMm);
  if (steps < depths.length - 1) return null;
  const spacingMm = extent / steps;
  const indices = depths.map((depth) => Math.round((depth - depths[0]!) / spacingMm));
  const tolerance = Math.max(OFF_GRID * spacingMm, SAME_POSITION_MM);
  const fits = depths.every((depth, n) => Math.abs(depth - depths[0]! - indices[n]! * spacingMm) <= tolerance);
  if (!fits || new Set(indices).size < indices.length) return null;
  const planeOfSlice = emptySlices(steps + 1, depths.length, refuse);
  indices.forEach((slice, plane) => (planeOfSlice[slice] = plane));
  return { spacingMm, planeOfSlice, warnings: [] };
}

/** Planes at uneven distances: slices as near as the nearest two planes, each with the plane that is nearest to it. */
function unevenSlices(depths: readonly number[], gaps: readonly number[], smallest: number, refuse: Refuse): Slices {
  const usual = [...gaps].sort((a, b) => a - b)[gaps.length >> 1]!;
  const extent = depths.at(-1)! - depths[0]!;
  const count = Math.ceil(extent / smallest) + 1;
  const planeOfSlice = emptySlices(count, depths.length, refuse);
  const spacingMm = extent / (count - 1);
  let plane = 0;
  for (let slice = 0; slice < count; slice++) {
    const depth = depths[0]! + slice * spacingMm;
    while (plane + 1 < depths.length && Math.abs(depths[plane + 1]! - depth) <= Math.abs(depths[plane]! - depth)) plane++;
    if (Math.abs(depths[plane]! - depth) <= usual) planeOfSlice[slice] = plane;
  }
  const detail = `its planes lie at uneven distances (${mm(smallest)} to ${mm(gaps.reduce((a, b) => Math.max(a, b)))}); each was spread over the slices nearest to it, ${mm(spacingMm)} apart`;
  return { spacingMm, planeOfSlice, warnings: [detail] };
}

function emptySlices(count: number, planeCount: number, refuse: Refuse): Int32Array {
  if (count > MOST_SLICES(planeCount)) refuse(`${planeCount} planes spread over ${count} slices`);
  return new Int32Array(count).fill(-1);
}

const mm = (value: number): string => `${Number(value.toFixed(3))} mm`;

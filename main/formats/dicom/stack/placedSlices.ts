/** Where the slices of one stack lie to each other: along their normal, and shifted in their own plane. */
import type { FramePlace } from './frameFacts.ts';
import { samePlaceMm } from './stackContrasts.ts';
import { cross, dot, isVector, unit, type Vector } from '../../../imaging/vectors.ts';

export type Refuse = (detail: string) => never;

interface Sized extends FramePlace {
  readonly rows: number;
  readonly columns: number;
  readonly path: string;
}

export interface StackPlane {
  readonly row: Vector;
  readonly column: Vector;
  readonly normal: Vector;
  /** Between voxels along i, along j. */
  readonly spacingMm: readonly [number, number];
}

export interface PlacedSlice<S> {
  readonly slice: S;
  /** Centre of the first pixel. */
  readonly originLpsMm: Vector;
  /** Along the normal, from the first slice. */
  readonly depthMm: number;
  /** Along i and j, from the line through the first slice along the normal. */
  readonly shiftPx: readonly [number, number];
}

const SAME_DIRECTION = 1e-3;
/** Slices shifted by less of a pixel, and of a millimetre more, count as lying above each other: headers are rounded. */
const UPRIGHT_PX = 0.1;
const UPRIGHT_MM = 0.01;
/** Shift over depth that cosines of three digits explain (0.08°); grids may be as skew as that. */
const ROUNDED_SHEAR = 1.4e-3;

/** Ascending along the normal. Refuses slices that share no plane and such as say nothing about their place. */
export function placeSlices<S extends Sized>(slices: readonly S[], refuse: Refuse): { plane: StackPlane; placed: PlacedSlice<S>[] } {
  const first = slices[0] ?? refuse('no slices');
  const plane = planeOf(first, refuse);
  const origins = slices.map((slice) => {
    checkSamePlane(slice, first, refuse);
    if (!isVector(slice.positionLpsMm, 3)) return refuse(`no ImagePositionPatient in ${slice.path}`);
    const [x, y, z] = slice.positionLpsMm;
    return { slice, originLpsMm: [x!, y!, z!] as Vector };
  });
  const depthOf = (origin: Vector) => dot(origin, plane.normal);
  origins.sort((a, b) => depthOf(a.originLpsMm) - depthOf(b.originLpsMm));
  const start = origins[0]!.originLpsMm;
  const placed = origins.map(({ slice, originLpsMm }) => {
    const away: Vector = [originLpsMm[0] - start[0], originLpsMm[1] - start[1], originLpsMm[2] - start[2]];
    const shiftPx = [dot(away, plane.row) / plane.spacingMm[0], dot(away, plane.column) / plane.spacingMm[1]] as const;
    return { slice, originLpsMm, depthMm: dot(away, plane.normal), shiftPx };
  });
  return { plane, placed };
}

/** Slices that share a position, in ascending order; each position gives at least one. */
export function groupByPosition<S>(placed: readonly PlacedSlice<S>[], plane: StackPlane): PlacedSlice<S>[][] {
  const toleranceMm = samePlaceMm(plane.spacingMm);
  const groups: PlacedSlice<S>[][] = [];
  for (const slice of placed) {
    const last = groups.at(-1);
    if (last && slice.depthMm - last[0]!.depthMm <= toleranceMm) last.push(slice);
    else groups.push([slice]);
  }
  return groups;
}

/** How the slices lie above each other. */
export type StackShift =
  | { readonly kind: 'upright' }
  /** Along a line that leaves the normal by what rounded cosines explain: a hair's breadth of shear, no gantry tilt. */
  | { readonly kind: 'leaning' }
  | { readonly kind: 'shifted'; readonly detail: string };

export function stackShift(placed: readonly PlacedSlice<unknown>[], plane: StackPlane): StackShift {
  const inPlaneMm = (i: number, j: number) => Math.hypot(i * plane.spacingMm[0], j * plane.spacingMm[1]);
  const shiftsMm = placed.map(({ shiftPx }) => inPlaneMm(...shiftPx));
  const largestMm = Math.max(...shiftsMm);
  const limitMm = UPRIGHT_PX * Math.min(...plane.spacingMm) + UPRIGHT_MM;
  if (largestMm <= limitMm) return { kind: 'upright' };
  const last = placed.at(-1)!;
  const strayMm = Math.max(
    ...placed.map(({ shiftPx, depthMm }) => {
      const part = depthMm / last.depthMm;
      return inPlaneMm(shiftPx[0] - part * last.shiftPx[0], shiftPx[1] - part * last.shiftPx[1]);
    }),
  );
  if (!(strayMm <= limitMm)) {
    return { kind: 'shifted', detail: `slices do not lie above each other: shifted by up to ${mm(largestMm)} in their plane` };
  }
  const lastMm = shiftsMm.at(-1)!;
  if (lastMm <= ROUNDED_SHEAR * last.depthMm) return { kind: 'leaning' };
  const degrees = (Math.atan2(lastMm, last.depthMm) * 180) / Math.PI;
  return { kind: 'shifted', detail: `gantry tilt of ${degrees.toFixed(1)}°: the last slice is shifted by ${mm(lastMm)} against the first` };
}

export const mm = (value: number): string => `${Number(value.toFixed(3))} mm`;

function planeOf({ orientation, pixelSpacingMm }: Sized, refuse: Refuse): StackPlane {
  if (!isVector(orientation, 6)) return refuse('no ImageOrientationPatient: the image does not say how it lies in the patient');
  if (!isVector(pixelSpacingMm, 2) || !pixelSpacingMm.every((spacing) => spacing > 0)) return refuse('no PixelSpacing');
  const [row, column] = [unit(orientation.slice(0, 3)), unit(orientation.slice(3, 6))];
  if (!row || !column || Math.abs(dot(row, column)) > SAME_DIRECTION) return refuse('rows and columns of ImageOrientationPatient are not at right angles');
  const normal = unit(cross(row, column))!;
  // PixelSpacing is row spacing (along j) first
  return { row, column: cross(normal, row), normal, spacingMm: [pixelSpacingMm[1]!, pixelSpacingMm[0]!] };
}

function checkSamePlane(slice: Sized, first: Sized, refuse: Refuse): void {
  if (slice.rows !== first.rows || slice.columns !== first.columns)
    refuse(`slices of different size: ${first.columns} × ${first.rows} and ${slice.columns} × ${slice.rows}`);
  const isParallel = isVector(slice.orientation, 6) && slice.orientation.every((x, n) => Math.abs(x - first.orientation![n]!) <= SAME_DIRECTION);
  if (!isParallel) refuse('slices of several orientations in one series (a localizer or a rotating view)');
  const isAsFine =
    isVector(slice.pixelSpacingMm, 2) && slice.pixelSpacingMm.every((spacing, n) => Math.abs(spacing - first.pixelSpacingMm![n]!) <= 1e-3 * spacing);
  if (!isAsFine) refuse('slices of different pixel spacing');
}

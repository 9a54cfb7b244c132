/** Where a structure set lies in the patient, to find its image when the UIDs do not. */
import type { RtStruct } from './rtStruct.ts';

export interface ContourExtent {
  /** Corners of the smallest box along L, P, S around all contours. */
  readonly lowLpsMm: readonly [number, number, number];
  readonly highLpsMm: readonly [number, number, number];
  /** Unit vector across the planes of the contours; that of the largest one. */
  readonly normal: readonly [number, number, number];
  /** Of each plane along `normal`, ascending, to a hundredth of a millimetre. */
  readonly depthsMm: readonly number[];
}

export function contourExtent({ rois }: RtStruct): ContourExtent {
  const [low, high] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
  const contours = rois.flatMap((roi) => roi.contours.map(({ pointsLpsMm }) => pointsLpsMm));
  let normal: Vector = [0, 0, 1];
  let largestMm2 = 0;
  for (const points of contours) {
    for (let at = 0; at < points.length; at++) {
      low[at % 3] = Math.min(low[at % 3]!, points[at]!);
      high[at % 3] = Math.max(high[at % 3]!, points[at]!);
    }
    const area = areaVector(points);
    const size = Math.hypot(...area);
    if (size > largestMm2) [largestMm2, normal] = [size, [area[0] / size, area[1] / size, area[2] / size]];
  }
  // one sign, whichever way the contour turns
  const largestPart = normal.reduce((a, b) => (Math.abs(b) > Math.abs(a) + 1e-6 ? b : a));
  if (largestPart < 0) normal = [-normal[0], -normal[1], -normal[2]];
  const depths = contours.map((points) => Math.round(100 * (normal[0] * points[0]! + normal[1] * points[1]! + normal[2] * points[2]!)) / 100);
  return {
    lowLpsMm: low as unknown as Vector,
    highLpsMm: high as unknown as Vector,
    normal,
    depthsMm: [...new Set(depths)].sort((a, b) => a - b),
  };
}

type Vector = readonly [number, number, number];

/** Newell's sum: across the polygon, as long as twice its area; taken from the first point to keep digits. */
function areaVector(points: Float64Array): Vector {
  let [x, y, z] = [0, 0, 0];
  for (let at = 0; at < points.length; at += 3) {
    const next = at + 3 === points.length ? 0 : at + 3;
    const [ax, ay, az] = [points[at]! - points[0]!, points[at + 1]! - points[1]!, points[at + 2]! - points[2]!];
    const [bx, by, bz] = [points[next]! - points[0]!, points[next + 1]! - points[1]!, points[next + 2]! - points[2]!];
    x += ay * bz - az * by;
    y += az * bx - ax * bz;
    z += ax * by - ay * bx;
  }
  return [x, y, z];
}

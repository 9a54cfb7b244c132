/** Numbers of a measurement, from its points alone. */
import type { Measurement } from '../../../main/contract/measurements.ts';
import { dot } from '../../viewer/vectors.ts';

type Point = readonly [number, number, number];

const distanceMm = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

export const lengthMm = ({ pointsLpsMm: [a, b] }: Pick<Measurement, 'pointsLpsMm'>): number => distanceMm(a!, b!);

/** 0 … 180, at the middle point; 0 where an arm has no length. */
export function angleDegrees({ pointsLpsMm: [a, apex, b] }: Pick<Measurement, 'pointsLpsMm'>): number {
  const [u, v] = [a!, b!].map((end) => end.map((value, axis) => value - apex![axis]!)) as [number[], number[]];
  const lengths = Math.hypot(...u) * Math.hypot(...v);
  if (lengths === 0) return 0;
  const cosine = dot(u, v) / lengths;
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

export const ellipseAreaMm2 = ({ pointsLpsMm: [a, b, c, d] }: Pick<Measurement, 'pointsLpsMm'>): number =>
  (Math.PI / 4) * distanceMm(a!, b!) * distanceMm(c!, d!);

/** Where to look for it. */
export const middleLpsMm = ({ pointsLpsMm }: Pick<Measurement, 'pointsLpsMm'>): Point => {
  const along = (axis: 0 | 1 | 2): number => pointsLpsMm.reduce((sum, one) => sum + one[axis], 0) / pointsLpsMm.length;
  return [along(0), along(1), along(2)];
};

/** Three numbers in patient space. */
export type Vector = readonly [number, number, number];

export const dot = (a: readonly number[], b: readonly number[]): number => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!;

export const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** The vector at length 1; `null` when its length is far from 1 already, so that it cannot have been a direction. */
export function unit(v: readonly number[]): Vector | null {
  const norm = Math.hypot(v[0]!, v[1]!, v[2]!);
  return norm > 0.9 && norm < 1.1 ? [v[0]! / norm, v[1]! / norm, v[2]! / norm] : null;
}

/** True for exactly `count` finite numbers. */
export function isVector(numbers: readonly number[] | undefined, count: number): numbers is readonly number[] {
  return numbers !== undefined && numbers.length === count && numbers.every(Number.isFinite);
}

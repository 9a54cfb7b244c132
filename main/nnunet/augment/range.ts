import type { Random } from '../random.ts';

export type Range = readonly [low: number, high: number];

export const drawBetween = ([low, high]: Range, random: Random): number => random.between(low, high);

/** Half the draws below 1, half above, whatever the widths of the two parts (v2's brightness, contrast and gamma). */
export function drawAboutOne([low, high]: Range, random: Random): number {
  return random.next() < 0.5 ? random.between(low, 1) : random.between(1, high);
}

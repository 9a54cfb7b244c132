import type { Segment } from '../contract/vocabulary.ts';

/** Twelve colours that stay apart on grey images; further labels go round by the golden angle of hue. */
const COLORS: readonly (readonly [number, number, number])[] = [
  [230, 75, 60],
  [64, 160, 240],
  [90, 200, 100],
  [245, 190, 60],
  [170, 110, 220],
  [60, 205, 200],
  [240, 130, 190],
  [160, 200, 60],
  [245, 140, 50],
  [110, 130, 235],
  [190, 140, 100],
  [130, 220, 180],
];

/** Colour for a label value from 1 on; the same value always gets the same colour. */
export function defaultColor(labelValue: number): [number, number, number] {
  const fixed = COLORS[labelValue - 1];
  if (fixed) return [fixed[0], fixed[1], fixed[2]];
  const hue = (labelValue * 137.508) % 360;
  const channel = (offset: number) => Math.round(255 * (0.6 + 0.32 * Math.cos(((hue - offset) * Math.PI) / 180)));
  return [channel(0), channel(120), channel(240)];
}

/** A legend entry; names longer than the contract allows are cut. */
export function defaultSegment(labelValue: number, name = `label ${labelValue}`): Segment {
  return { labelValue, name: name.trim().slice(0, 64) || `label ${labelValue}`, colorRgb: defaultColor(labelValue) };
}

/**
 * The first seven are those of Okabe and Ito (Color Universal Design): told apart with every common kind of colour
 * blindness, and on grey images. More than that no palette can promise; further labels go round by the golden angle of hue.
 */
const COLORS: readonly (readonly [number, number, number])[] = [
  [213, 94, 0],
  [86, 180, 233],
  [240, 228, 66],
  [0, 158, 115],
  [204, 121, 167],
  [0, 114, 178],
  [255, 190, 120],
  [150, 90, 220],
  [160, 200, 60],
  [230, 75, 60],
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

/** Colours for the values of a second volume over the image, and for a PET alone. */
import { utilities } from '@cornerstonejs/core';

/** Share of the range, red, green, blue; all from 0 to 1. */
type ColorPoint = readonly [number, number, number, number];

export const COLOR_MAPS = {
  // DICOM PS3.6 B.1.1
  hotIron: {
    name: 'Hot iron',
    points: [
      [0, 0, 0, 0],
      [0.5, 1, 0, 0],
      [0.75, 1, 0.5, 0],
      [1, 1, 1, 1],
    ],
  },
  // as matplotlib's, at five of its 256 entries; even in lightness, also for the colour-blind
  viridis: {
    name: 'Viridis',
    points: [
      [0, 0.267, 0.005, 0.329],
      [0.25, 0.229, 0.322, 0.546],
      [0.5, 0.128, 0.567, 0.551],
      [0.75, 0.369, 0.789, 0.383],
      [1, 0.993, 0.906, 0.144],
    ],
  },
  plasma: {
    name: 'Plasma',
    points: [
      [0, 0.05, 0.03, 0.528],
      [0.25, 0.494, 0.012, 0.658],
      [0.5, 0.798, 0.28, 0.47],
      [0.75, 0.973, 0.585, 0.252],
      [1, 0.94, 0.975, 0.131],
    ],
  },
  rainbow: {
    name: 'Rainbow',
    points: [
      [0, 0, 0, 1],
      [0.25, 0, 1, 1],
      [0.5, 0, 1, 0],
      [0.75, 1, 1, 0],
      [1, 1, 0, 0],
    ],
  },
  grey: {
    name: 'Grey',
    points: [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
  },
  inverseGrey: {
    name: 'Inverse grey',
    points: [
      [0, 1, 1, 1],
      [1, 0, 0, 0],
    ],
  },
} as const satisfies Record<string, { name: string; points: readonly ColorPoint[] }>;
export type ColorMapId = keyof typeof COLOR_MAPS;
export const COLOR_MAP_IDS = Object.keys(COLOR_MAPS) as ColorMapId[];

/** Under this name Cornerstone knows it. */
export const registeredName = (id: ColorMapId): string => `maskloop-${id}`;

/** Once per page. */
export function registerColorMaps(): void {
  for (const id of COLOR_MAP_IDS) utilities.colormap.registerColormap({ Name: registeredName(id), ColorSpace: 'RGB', RGBPoints: COLOR_MAPS[id].points.flat() });
}

/** For the legend: from the lower to the upper end of the range. */
export function cssGradient(id: ColorMapId): string {
  const stops = COLOR_MAPS[id].points.map(([at, ...rgb]) => `rgb(${rgb.map((share) => Math.round(share * 255)).join(' ')}) ${at * 100}%`);
  return `linear-gradient(to right, ${stops.join(', ')})`;
}

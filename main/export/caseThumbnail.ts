/** A small picture of one axial slice, patient right at the left, with its mask tinted in the colours of the legend. */
import type { Grid, Segment } from '../contract/vocabulary.ts';
import { encodePng } from './evaluation/png.ts';
import { fullestSlice } from './fullestSlice.ts';

export const LARGEST_SIDE_PX = 96;
const TINT = 0.55;
const CT_WINDOW_HU = [-160, 240] as const;
/** PET is read black on white. */
const INVERTED_MODALITIES = ['PT', 'PET', 'NM'];

export interface ThumbnailInput {
  readonly grid: Grid;
  readonly modality: string;
  /** Of the slice, i fastest. */
  readonly values: ArrayLike<number>;
  /** Of the slice; `null`: no mask. */
  readonly labels: ArrayLike<number> | null;
  readonly legend: readonly Segment[];
  /** Of the picture; absent: `LARGEST_SIDE_PX`. */
  readonly largestSidePx?: number;
}

/** The slice with the largest cross-section of the mask, of several the one in the middle; without a mask the middle one. */
export const thumbnailSlice = (labels: ArrayLike<number> | null, { dimsIjk: [ni, nj, nk] }: Grid): number =>
  labels ? fullestSlice(labels, [nk, nj, ni]) : Math.floor(nk / 2);

/** PNG, square pixels, the longer side `largestSidePx`. */
export function drawThumbnail({
  grid: {
    dimsIjk: [ni, nj],
    spacingMm: [si, sj],
  },
  modality,
  values,
  labels,
  legend,
  largestSidePx = LARGEST_SIDE_PX,
}: ThumbnailInput): Uint8Array {
  const pxPerMm = largestSidePx / Math.max(ni * si, nj * sj);
  const columns = ranges(ni, Math.max(1, Math.round(ni * si * pxPerMm)));
  const rows = ranges(nj, Math.max(1, Math.round(nj * sj * pxPerMm)));
  const grey = greyOf(values, modality);
  const colors = new Map(legend.map(({ labelValue, colorRgb }) => [labelValue, colorRgb]));
  const rgb = new Uint8Array(rows.length * columns.length * 3);
  let at = 0;
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      let sum = 0;
      for (let j = top; j < bottom; j++) for (let i = left; i < right; i++) sum += values[j * ni + i]!;
      const level = grey(sum / ((bottom - top) * (right - left)));
      const color = labels && colors.get(labels[((top + bottom) >> 1) * ni + ((left + right) >> 1)]!);
      for (let channel = 0; channel < 3; channel++) rgb[at++] = color ? Math.round(level * (1 - TINT) + color[channel]! * TINT) : level;
    }
  }
  return encodePng(rgb, columns.length, rows.length);
}

/** Of each pixel the voxels it stands for, at least one. */
function ranges(voxelCount: number, pixelCount: number): [begin: number, end: number][] {
  return Array.from({ length: pixelCount }, (_, n) => {
    const begin = Math.min(voxelCount - 1, Math.floor((n * voxelCount) / pixelCount));
    return [begin, Math.max(begin + 1, Math.floor(((n + 1) * voxelCount) / pixelCount))];
  });
}

function greyOf(values: ArrayLike<number>, modality: string): (value: number) => number {
  const kind = modality.toUpperCase();
  const isInverted = INVERTED_MODALITIES.includes(kind);
  const [lower, upper] = kind === 'CT' ? CT_WINDOW_HU : percentiles(values, isInverted ? [0, 0.999] : [0.01, 0.99]);
  const scale = upper > lower ? 255 / (upper - lower) : 0;
  return (value) => {
    const level = Math.max(0, Math.min(255, Math.round((value - lower) * scale)));
    return isInverted ? 255 - level : level;
  };
}

function percentiles(values: ArrayLike<number>, shares: readonly [number, number]): [number, number] {
  const sorted = Float32Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(shares[0]), at(shares[1])];
}

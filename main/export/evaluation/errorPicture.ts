/** A picture of one slice with the outlines of the truth and of the prediction, where they differ most. */
import type { Grid } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { encodePng } from './png.ts';

type Rgb = readonly [number, number, number];

/** Also used by the legend of the report. Where both outlines meet, they are white. */
export const TRUTH_RGB: Rgb = [70, 200, 255];
export const PREDICTION_RGB: Rgb = [255, 150, 40];
const BOTH_RGB: Rgb = [255, 255, 255];

/** Longest side of a picture, which bounds its bytes. */
const LARGEST_SIDE_PX = 320;
/** Context around the structures, and the least that is shown: a lesion alone says nothing. */
const MARGIN_MM = 12;
const SMALLEST_WINDOW_MM = 60;

export interface PictureInput {
  /** On `grid`, canonical (axes closest to LPS), i fastest. */
  readonly predicted: LabelArray;
  readonly truth: LabelArray;
  /** Any intensities on the same grid; absent: dark ground. */
  readonly image?: ArrayLike<number>;
  readonly grid: Grid;
  /** Along k, from 0; absent: the one with the most differing voxels. */
  readonly slice?: number;
}

export interface ErrorPicture {
  readonly png: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** From 0. */
  readonly slice: number;
  readonly differingVoxels: number;
}

/** The slice along k that is asked for, or that with the most differing voxels; of several the one in the middle. Seen as radiologists do: patient left at the right. */
export function drawErrorPicture({ predicted, truth, image, grid, slice: wanted }: PictureInput): ErrorPicture {
  const [ni, nj, nk] = grid.dimsIjk;
  const { slice, differingVoxels } = worstSlice(predicted, truth, ni * nj, nk, wanted);
  const begin = slice * ni * nj;
  const cut = <T>(values: ArrayLike<T>) => ({ at: (i: number, j: number): T => values[begin + j * ni + i]! });
  const window = pictureWindow(predicted.subarray(begin, begin + ni * nj), truth.subarray(begin, begin + ni * nj), grid);
  const { widthPx, heightPx, voxelI, voxelJ } = window;
  const gray = image ? grayOf(image, begin, window, ni) : null;
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  const [a, b] = [cut(truth), cut(predicted)];
  for (let y = 0, n = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, n += 3) {
      const inTruth = isOutline(a.at, window, x, y);
      const inPrediction = isOutline(b.at, window, x, y);
      const ground = gray ? gray(voxelI[x]!, voxelJ[y]!) : a.at(voxelI[x]!, voxelJ[y]!) > 0 ? 70 : 24;
      const color = inTruth ? (inPrediction ? BOTH_RGB : TRUTH_RGB) : inPrediction ? PREDICTION_RGB : ([ground, ground, ground] as const);
      rgb.set(color, n);
    }
  }
  return { png: encodePng(rgb, widthPx, heightPx), widthPx, heightPx, slice, differingVoxels };
}

function worstSlice(predicted: LabelArray, truth: LabelArray, sliceVoxels: number, slices: number, wanted: number | undefined) {
  const differing = Array.from({ length: slices }, (_, k) => {
    let count = 0;
    for (let n = k * sliceVoxels; n < (k + 1) * sliceVoxels; n++) if (predicted[n] !== truth[n]) count++;
    return count;
  });
  if (wanted !== undefined) return { slice: wanted, differingVoxels: differing[wanted]! };
  const differingVoxels = Math.max(...differing);
  const worst = [...differing.keys()].filter((k) => differing[k] === differingVoxels);
  return { slice: worst[Math.floor(worst.length / 2)]!, differingVoxels };
}

interface PictureWindow {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Voxel of each pixel column and row. */
  readonly voxelI: Int32Array;
  readonly voxelJ: Int32Array;
}

/** Around everything labelled in the slice, square pixels, enlarged or reduced to the largest side. */
function pictureWindow(predicted: LabelArray, truth: LabelArray, { dimsIjk: [ni, nj], spacingMm: [si, sj] }: Grid): PictureWindow {
  let [i0, i1, j0, j1] = [ni, -1, nj, -1];
  for (let j = 0, n = 0; j < nj; j++) {
    for (let i = 0; i < ni; i++, n++) {
      if (predicted[n] === 0 && truth[n] === 0) continue;
      [i0, i1, j0, j1] = [Math.min(i0, i), Math.max(i1, i), Math.min(j0, j), Math.max(j1, j)];
    }
  }
  if (i1 < 0) [i0, i1, j0, j1] = [0, ni - 1, 0, nj - 1];
  const [fromI, toI] = withMargin(i0, i1, ni, si);
  const [fromJ, toJ] = withMargin(j0, j1, nj, sj);
  const [widthMm, heightMm] = [(toI - fromI + 1) * si, (toJ - fromJ + 1) * sj];
  const pxPerMm = LARGEST_SIDE_PX / Math.max(widthMm, heightMm);
  const voxels = (sizePx: number, from: number, to: number, spacingMm: number): Int32Array =>
    Int32Array.from({ length: sizePx }, (_, n) => Math.min(to, from + Math.floor((n + 0.5) / pxPerMm / spacingMm)));
  const [widthPx, heightPx] = [Math.max(1, Math.round(widthMm * pxPerMm)), Math.max(1, Math.round(heightMm * pxPerMm))];
  return { widthPx, heightPx, voxelI: voxels(widthPx, fromI, toI, si), voxelJ: voxels(heightPx, fromJ, toJ, sj) };
}

function withMargin(begin: number, end: number, count: number, spacingMm: number): [number, number] {
  const missingMm = SMALLEST_WINDOW_MM - (end - begin + 1) * spacingMm;
  const margin = Math.ceil(Math.max(MARGIN_MM, missingMm / 2) / spacingMm);
  return [Math.max(0, begin - margin), Math.min(count - 1, end + margin)];
}

/** A pixel inside a structure with a pixel of another label within a pixel's reach, so that outlines are two pixels thick. */
function isOutline(at: (i: number, j: number) => number, { voxelI, voxelJ }: PictureWindow, x: number, y: number): boolean {
  const label = at(voxelI[x]!, voxelJ[y]!);
  if (label === 0) return false;
  for (const [dx, dy] of [
    [-2, 0],
    [2, 0],
    [0, -2],
    [0, 2],
  ] as const) {
    const i = voxelI[x + dx];
    const j = voxelJ[y + dy];
    if (i !== undefined && j !== undefined && at(i, j) !== label) return true;
  }
  return false;
}

/** 1st to 99th percentile of the window as black to white. */
function grayOf(image: ArrayLike<number>, begin: number, { voxelI, voxelJ }: PictureWindow, ni: number) {
  const seen: number[] = [];
  for (const j of new Set(voxelJ)) for (const i of new Set(voxelI)) seen.push(image[begin + j * ni + i]!);
  seen.sort((a, b) => a - b);
  const low = seen[Math.floor(0.01 * (seen.length - 1))]!;
  const high = seen[Math.ceil(0.99 * (seen.length - 1))]!;
  const scale = high > low ? 255 / (high - low) : 0;
  return (i: number, j: number): number => Math.max(0, Math.min(255, Math.round((image[begin + j * ni + i]! - low) * scale)));
}

/** What can be done to the shape of one segment. Inputs stay as they are. */
import type { Triple } from '../maskEditor.ts';
import { squaredDistanceTo } from './distance.ts';
import type { Shape } from './shape.ts';
import { voxelCount } from './shape.ts';

type Tell = (share: number) => void;

/** `Uint8Array.from` with a function goes through an iterator, ten times slower. */
export function marked(values: ArrayLike<number>, holds: (value: number) => boolean): Uint8Array {
  const marks = new Uint8Array(values.length);
  for (let n = 0; n < marks.length; n++) if (holds(values[n]!)) marks[n] = 1;
  return marks;
}

/**
 * Distances are measured between voxel centres, but the edge of a segment runs beyond the outermost of them: half a voxel
 * across a face, hardly at all across a slanted one. This share of a voxel makes balls grow and shrink as balls should.
 */
const EDGE_BEYOND_CENTRES = 0.22;
const squaredLimit = (byMm: number, spacing: Triple): number => (byMm + EDGE_BEYOND_CENTRES * Math.cbrt(spacing[0] * spacing[1] * spacing[2])) ** 2;

/** The box must have room for it. */
export function grown(shape: Shape, byMm: number, spacing: Triple, tell?: Tell): Shape {
  const limit = squaredLimit(byMm, spacing);
  const squared = squaredDistanceTo(1, shape.inside, shape.dims, spacing, tell);
  return { ...shape, inside: marked(squared, (value) => value <= limit) };
}

/** Everything outside of the box counts as outside of the segment, the surroundings of the volume too. */
export function shrunk({ from, dims, inside }: Shape, byMm: number, spacing: Triple, tell?: Tell): Shape {
  const limit = squaredLimit(byMm, spacing);
  const wide: Triple = [dims[0] + 2, dims[1] + 2, dims[2] + 2];
  const padded = new Uint8Array(voxelCount(wide));
  const rowOf = (row: number): number => 1 + wide[0] * ((row % dims[1]) + 1 + wide[1] * (Math.floor(row / dims[1]) + 1));
  for (let row = 0; row < dims[1] * dims[2]; row++) padded.set(inside.subarray(row * dims[0], (row + 1) * dims[0]), rowOf(row));
  const squared = squaredDistanceTo(0, padded, wide, spacing, tell);
  const kept = new Uint8Array(inside.length);
  for (let row = 0; row < dims[1] * dims[2]; row++) {
    const start = rowOf(row);
    for (let i = 0; i < dims[0]; i++) if (squared[start + i]! > limit) kept[row * dims[0] + i] = 1;
  }
  return { from, dims, inside: kept };
}

/** Holes are what cannot be reached from the edge of the box by steps over faces; within a slice across `axis`, or in all directions. */
export function withoutHoles({ from, dims, inside }: Shape, axis: number | null): Shape {
  const reached = new Uint8Array(inside.length);
  const waiting: number[] = [];
  const strides: Triple = [1, dims[0], dims[0] * dims[1]];
  const free = [0, 1, 2].filter((one) => one !== axis);
  const offer = (n: number): void => {
    if (inside[n] || reached[n]) return;
    reached[n] = 1;
    waiting.push(n);
  };
  for (let k = 0, n = 0; k < dims[2]; k++) {
    for (let j = 0; j < dims[1]; j++) {
      for (let i = 0; i < dims[0]; i++, n++) {
        const at = [i, j, k];
        if (free.some((one) => at[one] === 0 || at[one] === dims[one]! - 1)) offer(n);
      }
    }
  }
  while (waiting.length > 0) {
    const n = waiting.pop()!;
    for (const one of free) {
      const place = Math.floor(n / strides[one]!) % dims[one]!;
      if (place > 0) offer(n - strides[one]!);
      if (place + 1 < dims[one]!) offer(n + strides[one]!);
    }
  }
  return { from, dims, inside: reached.map((value) => 1 - value) };
}

/** Pieces that touch by a face, an edge or a corner, numbered from 1; `sizes[0]` is not used. */
export function piecesOf({ dims, inside }: Pick<Shape, 'dims' | 'inside'>): { readonly pieces: Uint32Array; readonly sizes: readonly number[] } {
  const pieces = new Uint32Array(inside.length);
  const sizes = [0];
  const waiting: number[] = [];
  for (let start = 0; start < inside.length; start++) {
    if (!inside[start] || pieces[start]) continue;
    const piece = sizes.length;
    let size = 0;
    pieces[start] = piece;
    waiting.push(start);
    while (waiting.length > 0) {
      const n = waiting.pop()!;
      size++;
      const i = n % dims[0];
      const j = Math.floor(n / dims[0]) % dims[1];
      const k = Math.floor(n / dims[0] / dims[1]);
      for (let z = Math.max(0, k - 1); z <= Math.min(dims[2] - 1, k + 1); z++) {
        for (let y = Math.max(0, j - 1); y <= Math.min(dims[1] - 1, j + 1); y++) {
          for (let x = Math.max(0, i - 1); x <= Math.min(dims[0] - 1, i + 1); x++) {
            const other = x + dims[0] * (y + dims[1] * z);
            if (!inside[other] || pieces[other]) continue;
            pieces[other] = piece;
            waiting.push(other);
          }
        }
      }
    }
    sizes.push(size);
  }
  return { pieces, sizes };
}

/** Of equal pieces the first stays. */
export function largestPiece(shape: Shape): Shape {
  const { pieces, sizes } = piecesOf(shape);
  const largest = sizes.indexOf(Math.max(...sizes.slice(1)), 1);
  return { ...shape, inside: marked(pieces, (piece) => piece === largest) };
}

export function withoutIslands(shape: Shape, fewerVoxels: number): Shape {
  const { pieces, sizes } = piecesOf(shape);
  return { ...shape, inside: marked(pieces, (piece) => piece > 0 && sizes[piece]! >= fewerVoxels) };
}

/** Each voxel as most voxels within the radius are. */
export function medianSmoothed({ from, dims, inside }: Shape, radiusMm: number, spacing: Triple, tell?: Tell): Shape {
  const [ni, nj, nk] = dims;
  const rows: { y: number; z: number; half: number }[] = [];
  for (let z = -Math.floor(radiusMm / spacing[2]); z * spacing[2] <= radiusMm; z++) {
    for (let y = -Math.floor(radiusMm / spacing[1]); y * spacing[1] <= radiusMm; y++) {
      const rest = radiusMm ** 2 - (y * spacing[1]) ** 2 - (z * spacing[2]) ** 2;
      if (rest >= 0) rows.push({ y, z, half: Math.floor(Math.sqrt(rest) / spacing[0]) });
    }
  }
  const size = rows.reduce((sum, { half }) => sum + 2 * half + 1, 0);
  const before = new Uint32Array((ni + 1) * nj * nk); // sums along rows
  for (let row = 0; row < nj * nk; row++) for (let i = 0; i < ni; i++) before[row * (ni + 1) + i + 1] = before[row * (ni + 1) + i]! + inside[row * ni + i]!;
  const smooth = new Uint8Array(inside.length);
  const counts = new Uint32Array(ni);
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      counts.fill(0);
      for (const { y, z, half } of rows) {
        if (j + y < 0 || j + y >= nj || k + z < 0 || k + z >= nk) continue;
        const row = (j + y + nj * (k + z)) * (ni + 1);
        for (let i = 0; i < ni; i++) counts[i]! += before[row + Math.min(ni, i + half + 1)]! - before[row + Math.max(0, i - half)]!;
      }
      const start = ni * (j + nj * k);
      for (let i = 0; i < ni; i++) if (2 * counts[i]! > size) smooth[start + i] = 1;
    }
    tell?.((k + 1) / nk);
  }
  return { from, dims, inside: smooth };
}

/** A Gaussian of this standard deviation over the shape, cut where the volume stays: at a half, round shapes would shrink. */
export function gaussianSmoothed({ from, dims, inside }: Shape, sigmaMm: number, spacing: Triple, tell?: Tell): Shape {
  let values = Float32Array.from(inside);
  const strides: Triple = [1, dims[0], dims[0] * dims[1]];
  for (let axis = 0; axis < 3; axis++) {
    const weights = gaussianWeights(sigmaMm / spacing[axis]!);
    const next = new Float32Array(voxelCount(dims));
    const [b, c] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
    for (let y = 0; y < dims[c]!; y++) {
      for (let x = 0; x < dims[b]!; x++) blurLine(values, next, x * strides[b]! + y * strides[c]!, strides[axis]!, dims[axis]!, weights);
    }
    values = next;
    tell?.((axis + 1) / 3);
  }
  const level = levelOfVolume(
    values,
    inside.reduce((sum, value) => sum + value, 0),
  );
  return { from, dims, inside: marked(values, (value) => value > level) };
}

const LOWEST_LEVEL = 0.3; // thin parts that vanish must not fatten the rest
const LEVEL_STEPS = 1000;

/** At most a half. */
function levelOfVolume(values: Float32Array, voxels: number): number {
  const histogram = new Uint32Array(LEVEL_STEPS + 1);
  for (let n = 0; n < values.length; n++) histogram[Math.floor(values[n]! * LEVEL_STEPS)]!++;
  let above = 0;
  let step = LEVEL_STEPS;
  while (step > LOWEST_LEVEL * LEVEL_STEPS && above + histogram[step]! <= voxels) above += histogram[step--]!;
  return Math.min(0.5, (step + 1) / LEVEL_STEPS);
}

/** From the middle outwards, as far as three standard deviations; they sum to one with their mirror images. */
function gaussianWeights(sigma: number): Float64Array {
  const weights = Float64Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, n) => Math.exp((-n * n) / (2 * sigma * sigma)));
  const sum = 2 * weights.reduce((a, b) => a + b, 0) - weights[0]!;
  return weights.map((weight) => weight / sum);
}

function blurLine(values: Float32Array, next: Float32Array, start: number, stride: number, length: number, weights: Float64Array): void {
  for (let q = 0; q < length; q++) {
    let sum = weights[0]! * values[start + q * stride]!;
    for (let n = 1; n < weights.length; n++) {
      if (q - n >= 0) sum += weights[n]! * values[start + (q - n) * stride]!;
      if (q + n < length) sum += weights[n]! * values[start + (q + n) * stride]!;
    }
    next[start + q * stride] = sum;
  }
}

/**
 * Fills the slices between those in which a segment is drawn. Pieces are moved onto each other before their signed distances
 * are mixed, so a shape that wanders from slice to slice keeps its size on the way.
 */
import type { Triple } from '../maskEditor.ts';
import { squaredDistanceTo } from './distance.ts';
import type { Shape } from './shape.ts';
import { marked, piecesOf } from './shapeOperations.ts';

interface Slice {
  readonly width: number;
  readonly height: number;
  /** Voxel sizes along width and height. */
  readonly spacing: readonly [number, number];
}
interface Piece {
  readonly signedMm: Float32Array;
  readonly middle: readonly [number, number];
}

/** Across `axis`. Slices in which the segment is drawn stay as they are. */
export function interpolated(shape: Shape, axis: number, spacing: Triple, tell?: (share: number) => void): Shape {
  const { dims } = shape;
  const [b, c] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
  const strides: Triple = [1, dims[0], dims[0] * dims[1]];
  const slice: Slice = { width: dims[b]!, height: dims[c]!, spacing: [spacing[b]!, spacing[c]!] };
  const place = (at: number, n: number): number => at * strides[axis]! + (n % slice.width) * strides[b]! + Math.floor(n / slice.width) * strides[c]!;
  const read = (at: number): Uint8Array => {
    const mask = new Uint8Array(slice.width * slice.height);
    for (let n = 0; n < mask.length; n++) mask[n] = shape.inside[place(at, n)]!;
    return mask;
  };
  const drawn: number[] = [];
  for (let at = 0; at < dims[axis]!; at++) if (read(at).includes(1)) drawn.push(at);
  const inside = shape.inside.slice();
  for (let n = 0; n + 1 < drawn.length; n++) {
    const [from, to] = [drawn[n]!, drawn[n + 1]!];
    if (to - from < 2) continue;
    const pairs = pairedPieces(read(from), read(to), slice);
    for (let at = from + 1; at < to; at++) {
      for (const [first, second] of pairs) mix(first, second, (at - from) / (to - from), slice, (m) => (inside[place(at, m)] = 1));
    }
    tell?.((n + 1) / (drawn.length - 1));
  }
  return { ...shape, inside };
}

/** As many pieces in both: each with its nearest. Else both slices as one piece, which does not wander. */
function pairedPieces(first: Uint8Array, second: Uint8Array, slice: Slice): [Piece, Piece][] {
  const [a, b] = [separate(first, slice), separate(second, slice)];
  if (a.length !== b.length) {
    const still = (mask: Uint8Array): Piece => ({ ...pieceOf(mask, slice), middle: [0, 0] });
    return [[still(first), still(second)]];
  }
  const distance = ([one, other]: readonly [Piece, Piece]): number =>
    Math.hypot((one.middle[0] - other.middle[0]) * slice.spacing[0], (one.middle[1] - other.middle[1]) * slice.spacing[1]);
  const candidates = a.flatMap((one) => b.map((other): [Piece, Piece] => [one, other])).sort((p, q) => distance(p) - distance(q));
  const taken = new Set<Piece>();
  return candidates.filter(([one, other]) => {
    if (taken.has(one) || taken.has(other)) return false;
    taken.add(one).add(other);
    return true;
  });
}

function separate(mask: Uint8Array, slice: Slice): Piece[] {
  const { pieces, sizes } = piecesOf({ dims: [slice.width, slice.height, 1], inside: mask });
  return sizes.slice(1).map((_, n) =>
    pieceOf(
      marked(pieces, (piece) => piece === n + 1),
      slice,
    ),
  );
}

function pieceOf(mask: Uint8Array, { width, height, spacing }: Slice): Piece {
  const dims: Triple = [width, height, 1];
  const toOutside = squaredDistanceTo(0, mask, dims, [...spacing, 1]);
  const toInside = squaredDistanceTo(1, mask, dims, [...spacing, 1]);
  const half = Math.min(...spacing) / 2; // the edge runs between the centres
  let [x, y, count] = [0, 0, 0];
  const signedMm = new Float32Array(mask.length);
  for (let n = 0; n < mask.length; n++) {
    signedMm[n] = mask[n] ? Math.sqrt(toOutside[n]!) - half : half - Math.sqrt(toInside[n]!);
    if (!mask[n]) continue;
    x += n % width;
    y += Math.floor(n / width);
    count++;
  }
  return { signedMm, middle: [x / count, y / count] };
}

function mix(first: Piece, second: Piece, share: number, { width, height }: Slice, mark: (n: number) => void): void {
  const [mx, my] = [0, 1].map((c) => first.middle[c]! + share * (second.middle[c]! - first.middle[c]!)) as [number, number];
  const [ax, ay] = [first.middle[0] - mx, first.middle[1] - my];
  const [bx, by] = [second.middle[0] - mx, second.middle[1] - my];
  for (let y = 0, n = 0; y < height; y++) {
    for (let x = 0; x < width; x++, n++) {
      const value = (1 - share) * sampled(first.signedMm, x + ax, y + ay, width, height) + share * sampled(second.signedMm, x + bx, y + by, width, height);
      if (value > 0) mark(n);
    }
  }
}

/** Bilinear; beyond the edge as at the edge. */
function sampled(values: Float32Array, x: number, y: number, width: number, height: number): number {
  const [cx, cy] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
  const [x0, y0] = [Math.min(width - 2, Math.floor(cx)), Math.min(height - 2, Math.floor(cy))];
  if (x0 < 0 || y0 < 0) return values[Math.round(cx) + width * Math.round(cy)]!;
  const [fx, fy] = [cx - x0, cy - y0];
  const n = x0 + width * y0;
  return (values[n]! * (1 - fx) + values[n + 1]! * fx) * (1 - fy) + (values[n + width]! * (1 - fx) + values[n + width + 1]! * fx) * fy;
}

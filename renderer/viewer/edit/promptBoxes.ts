/** Where a prompt of the user asks for a proposal: the box in which it may grow, and where it begins. */
import { MOST_PROPOSED_VOXELS } from '../../../main/contract/proposal.ts';
import type { VoxelBox } from '../../../main/contract/proposal.ts';
import type { Triple } from './maskEditor.ts';

export interface Prompt {
  readonly box: VoxelBox;
  readonly seed: VoxelBox;
}

/** Both ends belong to it; cut at the edges of the volume. */
function boxBetween(low: Triple, high: Triple, dims: Triple): VoxelBox {
  const from = low.map((value, axis) => Math.min(dims[axis]! - 1, Math.max(0, value))) as [number, number, number];
  const size = high.map((value, axis) => Math.min(dims[axis]! - 1, Math.max(0, value)) - from[axis]! + 1) as [number, number, number];
  return { fromIjk: from, dimsIjk: size };
}

/** A click: as far around it as the radius goes, or as may be asked for. */
export function promptAt(at: Triple, dims: Triple, spacing: Triple, radiusMm: number): Prompt {
  const reach = spacing.map((mm) => Math.floor(radiusMm / mm));
  const box = boxBetween(
    at.map((value, axis) => value - reach[axis]!) as unknown as Triple,
    at.map((value, axis) => value + reach[axis]!) as unknown as Triple,
    dims,
  );
  if (box.dimsIjk.reduce((a, b) => a * b, 1) > MOST_PROPOSED_VOXELS) return promptAt(at, dims, spacing, radiusMm * 0.8);
  return { box, seed: { fromIjk: at, dimsIjk: [1, 1, 1] } };
}

/** A rectangle between two voxels of a slice across `axis`: as deep to either side as half of its longer side. */
export function promptWithin(a: Triple, b: Triple, axis: number, dims: Triple, spacing: Triple): Prompt {
  const low = a.map((value, n) => Math.min(value, b[n]!)) as unknown as Triple;
  const high = a.map((value, n) => Math.max(value, b[n]!)) as unknown as Triple;
  const longestMm = Math.max(...[0, 1, 2].filter((n) => n !== axis).map((n) => (high[n]! - low[n]! + 1) * spacing[n]!));
  const depth = Math.floor(longestMm / 2 / spacing[axis]!);
  const deeper = (from: Triple, by: number): Triple => from.map((value, n) => (n === axis ? value + by : value)) as unknown as Triple;
  return { box: boxBetween(deeper(low, -depth), deeper(high, depth), dims), seed: boxBetween(low, high, dims) };
}

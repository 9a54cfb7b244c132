import type { ShapeDhw } from './tensorShape.ts';
import type { VoxelArray } from './volume.ts';

/** An array [D, H, W] and where its first voxel lies in a frame that it shares with others. */
export interface PlacedArray<A extends VoxelArray | Uint32Array> {
  readonly values: A;
  readonly originDhw: ShapeDhw;
  readonly shapeDhw: ShapeDhw;
}

/** Copies what `from` and `to` have in common, row by row; the rest of `to` stays as it is. */
export function copyBox<A extends VoxelArray | Uint32Array>(from: PlacedArray<A>, to: PlacedArray<A>): void {
  const begin = [0, 1, 2].map((axis) => Math.max(from.originDhw[axis]!, to.originDhw[axis]!));
  const end = [0, 1, 2].map((axis) => Math.min(from.originDhw[axis]! + from.shapeDhw[axis]!, to.originDhw[axis]! + to.shapeDhw[axis]!));
  const count = end[2]! - begin[2]!;
  if (count <= 0) return;
  const rowOf = ({ originDhw, shapeDhw }: PlacedArray<A>, d: number, h: number): number =>
    ((d - originDhw[0]) * shapeDhw[1] + h - originDhw[1]) * shapeDhw[2] + begin[2]! - originDhw[2];
  for (let d = begin[0]!; d < end[0]!; d++) {
    for (let h = begin[1]!; h < end[1]!; h++) {
      const source = rowOf(from, d, h);
      to.values.set(from.values.subarray(source, source + count), rowOf(to, d, h));
    }
  }
}

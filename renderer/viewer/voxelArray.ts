/** Voxels as they arrive; no Cornerstone, so that threads can use it. */
import type { VoxelType } from '../../main/contract/vocabulary.ts';

export type VoxelArray = Uint8Array | Int16Array | Uint16Array | Float32Array;

const ARRAY_OF: Record<VoxelType, new (buffer: ArrayBuffer) => VoxelArray> = {
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  float32: Float32Array,
};

export const voxelArray = (type: VoxelType, bytes: ArrayBuffer): VoxelArray => new ARRAY_OF[type](bytes);

export type ValueRange = readonly [lowest: number, highest: number];

/** What the type can hold; of floating point numbers those that occur. Drawing by the processor puts every value into it. */
export function valueRange(voxels: VoxelArray): ValueRange {
  if (voxels instanceof Uint8Array) return [0, 255];
  if (voxels instanceof Uint16Array) return [0, 65_535];
  if (voxels instanceof Int16Array) return [-32_768, 32_767];
  let [lowest, highest] = [Infinity, -Infinity];
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return lowest <= highest ? [lowest, highest] : [0, 0];
}

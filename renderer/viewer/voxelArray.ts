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

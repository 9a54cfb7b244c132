import type { Grid } from '../contract/vocabulary.ts';

export type VoxelArray = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Voxels with their place in the world; memory is i-fastest. Treat as immutable. */
export interface Volume<A extends VoxelArray = VoxelArray> {
  readonly grid: Grid;
  readonly voxels: A;
}

import type { Grid } from '../../contract/vocabulary.ts';
import type { VoxelArray } from '../../imaging/volume.ts';

/** What a writer of volume files takes. */
export interface WrittenVolume {
  readonly grid: Grid;
  /** As many as the grid has; written in their own type, so that every value stays exact. */
  readonly voxels: VoxelArray;
  /** Anything to be said about the volume, such as where it came from. Keys are words without spaces, `:` and `=`. */
  readonly keyValues?: Readonly<Record<string, string>>;
}

/** The memory of the voxels, little endian as everything here; throws when they do not fill the grid. */
export function voxelBytesOf({ grid, voxels }: WrittenVolume): Uint8Array {
  const [ni, nj, nk] = grid.dimsIjk;
  if (voxels.length !== ni * nj * nk) throw new Error(`${voxels.length} voxels do not fill ${ni} × ${nj} × ${nk}`);
  return new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
}

/** Throws for a key that would break a header. */
export function keyValuePairs({ keyValues = {} }: WrittenVolume): [string, string][] {
  const pairs = Object.entries(keyValues);
  for (const [key] of pairs) if (!/^[^\s:=#]+$/.test(key)) throw new Error(`'${key}' cannot be a key of a header`);
  return pairs;
}

export function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

import type { VoxelArray } from './volume.ts';

export type LabelVoxels =
  { readonly ok: true; readonly voxels: Uint8Array } | { readonly ok: false; readonly detail: string };

/** Voxels as labels 0..255, or what forbids it. Returns `voxels` itself when it is a Uint8Array already. */
export function labelVoxels(voxels: VoxelArray): LabelVoxels {
  if (voxels instanceof Uint8Array) return { ok: true, voxels };
  const labels = new Uint8Array(voxels.length);
  for (let n = 0; n < voxels.length; n++) {
    const value = voxels[n]!;
    if (value < 0 || value > 255 || value !== Math.floor(value)) {
      return { ok: false, detail: `value ${value} is not a whole number from 0 to 255` };
    }
    labels[n] = value;
  }
  return { ok: true, voxels: labels };
}

/** The labels that occur, ascending, without background. */
export function labelValuesIn(voxels: Uint8Array): number[] {
  const occurs = new Uint8Array(256);
  for (let n = 0; n < voxels.length; n++) occurs[voxels[n]!] = 1;
  return Array.from({ length: 255 }, (_, n) => n + 1).filter((value) => occurs[value]);
}

/** NIfTI-1 single files, little endian, voxels at byte 352; sform and qform say the same. */
import type { Grid, VoxelType } from '../../contract/vocabulary.ts';
import { affineFromGrid } from '../../imaging/grid.ts';
import type { VoxelArray } from '../../imaging/volume.ts';

export const NIFTI_VOXELS_AT_BYTE = 352;

const DATATYPE: Readonly<Record<VoxelType, { code: number; bits: number }>> = {
  uint8: { code: 2, bits: 8 },
  int16: { code: 4, bits: 16 },
  uint16: { code: 512, bits: 16 },
  float32: { code: 16, bits: 32 },
};

export function voxelTypeOf(voxels: VoxelArray): VoxelType {
  if (voxels instanceof Uint8Array) return 'uint8';
  if (voxels instanceof Int16Array) return 'int16';
  return voxels instanceof Uint16Array ? 'uint16' : 'float32';
}

/**
 * The file as two chunks, header and voxels, so that large voxel arrays are not copied (the second chunk is a view).
 * Assumes a little-endian machine, as everything else here does.
 */
export function niftiChunks(grid: Grid, voxels: VoxelArray): [Uint8Array, Uint8Array] {
  const [ni, nj, nk] = grid.dimsIjk;
  if (voxels.length !== ni * nj * nk) throw new Error(`${voxels.length} voxels do not fill ${ni} × ${nj} × ${nk}`);
  return [niftiHeaderBytes(grid, voxelTypeOf(voxels)), new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength)];
}

/** Dims above 32767 do not fit NIfTI-1 and throw. */
function niftiHeaderBytes(grid: Grid, voxelType: VoxelType): Uint8Array {
  if (grid.dimsIjk.some((count) => count > 32767)) throw new Error(`${grid.dimsIjk.join(' × ')} does not fit NIfTI-1`);
  const bytes = new Uint8Array(NIFTI_VOXELS_AT_BYTE);
  const view = new DataView(bytes.buffer);
  const { code, bits } = DATATYPE[voxelType];
  const ras = affineFromGrid(grid).map((value, index) => (index < 8 ? 0 - value : value));
  const { quaternion, qfac } = quaternionOf(ras, grid);
  view.setInt32(0, 348, true);
  bytes[38] = 0x72; // 'r': regular, asked for by old readers
  [3, ...grid.dimsIjk, 1, 1, 1, 1].forEach((count, n) => view.setInt16(40 + 2 * n, count, true));
  view.setInt16(70, code, true);
  view.setInt16(72, bits, true);
  [qfac, ...grid.spacingMm, 1, 1, 1, 1].forEach((mm, n) => view.setFloat32(76 + 4 * n, mm, true));
  view.setFloat32(108, NIFTI_VOXELS_AT_BYTE, true);
  view.setFloat32(112, 1, true);
  bytes[123] = 2; // xyzt_units: millimetres
  view.setInt16(252, 1, true); // qform_code and sform_code: scanner anatomical
  view.setInt16(254, 1, true);
  quaternion.forEach((q, n) => view.setFloat32(256 + 4 * n, q, true));
  [3, 7, 11].forEach((at, n) => view.setFloat32(268 + 4 * n, ras[at]!, true));
  ras.slice(0, 12).forEach((value, n) => view.setFloat32(280 + 4 * n, value, true));
  bytes.set([0x6e, 0x2b, 0x31, 0], 344); // "n+1"
  return bytes;
}

/** Unit quaternion (b, c, d) of the RAS rotation; a left-handed grid turns its k axis (qfac −1). After nifti1_io.c. */
function quaternionOf(ras: readonly number[], grid: Grid): { quaternion: [number, number, number]; qfac: 1 | -1 } {
  const cell = (row: number, axis: number) => ras[4 * row + axis]! / grid.spacingMm[axis]!;
  const [r11, r21, r31, r12, r22, r32] = [cell(0, 0), cell(1, 0), cell(2, 0), cell(0, 1), cell(1, 1), cell(2, 1)];
  const k = [cell(0, 2), cell(1, 2), cell(2, 2)] as const;
  const determinant = r11 * (r22 * k[2] - r32 * k[1]) - r12 * (r21 * k[2] - r31 * k[1]) + k[0] * (r21 * r32 - r31 * r22);
  const qfac = determinant < 0 ? -1 : 1;
  const [r13, r23, r33] = [k[0] * qfac, k[1] * qfac, k[2] * qfac];
  const trace = r11 + r22 + r33 + 1;
  if (trace > 0.5) {
    const a = 0.5 * Math.sqrt(trace);
    return { quaternion: [(0.25 * (r32 - r23)) / a, (0.25 * (r13 - r31)) / a, (0.25 * (r21 - r12)) / a], qfac };
  }
  const xd = 1 + r11 - (r22 + r33);
  const yd = 1 + r22 - (r11 + r33);
  const zd = 1 + r33 - (r11 + r22);
  let [a, b, c, d] = [0, 0, 0, 0];
  if (xd >= yd && xd >= zd) {
    b = 0.5 * Math.sqrt(xd);
    [c, d, a] = [(0.25 * (r12 + r21)) / b, (0.25 * (r13 + r31)) / b, (0.25 * (r32 - r23)) / b];
  } else if (yd >= zd) {
    c = 0.5 * Math.sqrt(yd);
    [b, d, a] = [(0.25 * (r12 + r21)) / c, (0.25 * (r23 + r32)) / c, (0.25 * (r13 - r31)) / c];
  } else {
    d = 0.5 * Math.sqrt(zd);
    [b, c, a] = [(0.25 * (r13 + r31)) / d, (0.25 * (r23 + r32)) / d, (0.25 * (r21 - r12)) / d];
  }
  const sign = a < 0 ? -1 : 1;
  return { quaternion: [b * sign, c * sign, d * sign], qfac };
}

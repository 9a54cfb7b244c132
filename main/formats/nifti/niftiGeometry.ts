/** Header geometry to a grid. The only place where NIfTI's RAS becomes our LPS. */
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import type { NiftiHeader } from './niftiHeader.ts';

/** Millimetres per stored length unit by the low three bits of xyzt_units; 0 (unknown) counts as millimetres. */
const MM_PER_UNIT: Readonly<Record<number, number>> = { 1: 1000, 3: 0.001 };

/** sform first, then qform, else voxel sizes alone (method 1 of the standard). Throws `import/bad-geometry`. */
export function gridFromHeader(header: NiftiHeader, dimsIjk: readonly number[], path: string): Grid {
  const ras =
    header.sformCode > 0
      ? sformAffine(header)
      : header.qformCode > 0
        ? qformAffine(header)
        : pixdimAffine(header, dimsIjk);
  const mmPerUnit = MM_PER_UNIT[header.xyztUnits & 7] ?? 1;
  const lps = ras.map((value, index) => {
    const row = Math.floor(index / 4);
    if (row === 3) return value;
    return (row < 2 ? 0 - value : value) * mmPerUnit;
  });
  return gridFromAffine(dimsIjk, lps, path);
}

function sformAffine(header: NiftiHeader): number[] {
  return [...header.srow, 0, 0, 0, 1];
}

/** Quaternion to rotation as in nifti1.h; qfac (pixdim[0]) turns the k axis round. */
function qformAffine(header: NiftiHeader): number[] {
  let [b, c, d] = header.quaternion as [number, number, number];
  const squares = b * b + c * c + d * d;
  let a = 0;
  if (squares > 1) {
    const length = Math.sqrt(squares);
    [b, c, d] = [b / length, c / length, d / length];
  } else {
    a = Math.sqrt(1 - squares);
  }
  const qfac = header.pixdim[0]! < 0 ? -1 : 1;
  const [si, sj, sk] = [Math.abs(header.pixdim[1]!), Math.abs(header.pixdim[2]!), Math.abs(header.pixdim[3]!) * qfac];
  const [x, y, z] = header.offsetRasMm as [number, number, number];
  return [
    (a * a + b * b - c * c - d * d) * si, 2 * (b * c - a * d) * sj, 2 * (b * d + a * c) * sk, x,
    2 * (b * c + a * d) * si, (a * a + c * c - b * b - d * d) * sj, 2 * (c * d - a * b) * sk, y,
    2 * (b * d - a * c) * si, 2 * (c * d + a * b) * sj, (a * a + d * d - c * c - b * b) * sk, z,
    0, 0, 0, 1,
  ]; // prettier-ignore
}

/** No orientation stored: axes taken as LAS with the centre of the image at 0, as nibabel and SPM do for such files. */
function pixdimAffine(header: NiftiHeader, dimsIjk: readonly number[]): number[] {
  const spacing = [1, 2, 3].map((n) => Math.abs(header.pixdim[n]!) || 1);
  const signs = [-1, 1, 1];
  const affine = new Array<number>(16).fill(0);
  for (let axis = 0; axis < 3; axis++) {
    const step = signs[axis]! * spacing[axis]!;
    affine[5 * axis] = step;
    affine[4 * axis + 3] = (-step * (dimsIjk[axis]! - 1)) / 2;
  }
  affine[15] = 1;
  return affine;
}

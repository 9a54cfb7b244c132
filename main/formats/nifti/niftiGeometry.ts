/** Header geometry to a grid. The only place where NIfTI's RAS becomes our LPS. */
import type { AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import type { NiftiHeader } from './niftiHeader.ts';

/** Millimetres per stored length unit by the low three bits of xyzt_units; 0 (unknown) counts as millimetres. */
const MM_PER_UNIT: Readonly<Record<number, number>> = { 1: 1000, 3: 0.001 };

/** Corners may differ by this part of the smallest spacing before two forms count as different. */
const SAME_FORM_PART = 0.5;

/**
 * sform first, then qform, else voxel sizes alone; as nibabel and ITK. Warns where the header leaves a choice. Throws
 * `import/bad-geometry` for sheared axes, axes of no length and numbers that are not finite.
 */
export function gridFromHeader(header: NiftiHeader, dimsIjk: readonly number[], path: string): { grid: Grid; warnings: AppError[] } {
  const sform = header.sformCode > 0 ? withSlice([...header.srow, 0, 0, 0, 1], dimsIjk) : undefined;
  const qform = header.qformCode > 0 ? withSlice(qformAffine(header), dimsIjk) : undefined;
  const grid = (ras: readonly number[]) => gridFromAffine(dimsIjk, lpsMm(ras, header), path);
  const warn = (detail: string): AppError[] => [{ code: 'import/orientation-assumed', path, detail }];
  if (!sform && !qform) {
    const ras = header.kind === 'analyze' ? spmAffine(header, dimsIjk) : pixdimAffine(header, dimsIjk);
    const what = header.kind === 'analyze' ? 'an Analyze 7.5 header does not say it' : 'neither its sform nor its qform is set';
    return { grid: grid(ras), warnings: warn(`${what}; the first axis was taken to run to the left, the second to the front, the third upwards`) };
  }
  if (!sform || (qform && !hasAxes(sform))) {
    return { grid: grid(qform!), warnings: sform ? warn('its sform is no matrix; the qform was taken') : [] };
  }
  const taken = grid(sform);
  if (!qform || !hasAxes(qform)) return { grid: taken, warnings: [] };
  const apartMm = largestDistance(lpsMm(sform, header), lpsMm(qform, header), dimsIjk);
  if (apartMm <= SAME_FORM_PART * Math.min(...taken.spacingMm)) return { grid: taken, warnings: [] };
  return { grid: taken, warnings: warn(`its sform and its qform lie up to ${apartMm.toFixed(1)} mm apart; the sform was taken`) };
}

function lpsMm(ras: readonly number[], header: NiftiHeader): number[] {
  const mmPerUnit = MM_PER_UNIT[header.xyztUnits & 7] ?? 1;
  return ras.map((value, index) => {
    const row = Math.floor(index / 4);
    if (row === 3) return value;
    return (row < 2 ? 0 - value : value) * mmPerUnit;
  });
}

const column = (affine: readonly number[], axis: number) => [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!] as const;

function hasAxes(affine: readonly number[]): boolean {
  return affine.every(Number.isFinite) && [0, 1, 2].every((axis) => Math.hypot(...column(affine, axis)) > 0);
}

/** A single slice without a thickness gets 1 unit, at right angles to its plane. */
function withSlice(affine: number[], dimsIjk: readonly number[]): number[] {
  if (dimsIjk[2] !== 1 || Math.hypot(...column(affine, 2)) !== 0) return affine;
  const [a, b] = [column(affine, 0), column(affine, 1)];
  const normal = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const length = Math.hypot(...normal);
  return affine.map((value, index) => (index % 4 === 2 && index < 12 ? normal[(index - 2) / 4]! / length : value));
}

/** Between the same corner voxel under both affines. */
function largestDistance(a: readonly number[], b: readonly number[], dimsIjk: readonly number[]): number {
  let largest = 0;
  for (let corner = 0; corner < 8; corner++) {
    const ijk = [0, 1, 2].map((axis) => (corner & (1 << axis) ? dimsIjk[axis]! - 1 : 0));
    const apart = [0, 4, 8].map((row) => {
      const difference = (n: number) => a[row + n]! - b[row + n]!;
      return difference(0) * ijk[0]! + difference(1) * ijk[1]! + difference(2) * ijk[2]! + difference(3);
    });
    largest = Math.max(largest, Math.hypot(...apart));
  }
  return largest;
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
  return lasAffine(
    header,
    dimsIjk.map((count) => (count - 1) / 2),
  );
}

/** Analyze as SPM and nibabel read it: 0 lies at the stored origin where that is sensible, else in the centre. */
function spmAffine(header: NiftiHeader, dimsIjk: readonly number[]): number[] {
  const { spmOrigin } = header;
  const isSensible = spmOrigin.some((at) => at !== 0) && spmOrigin.every((at, axis) => at > -dimsIjk[axis]! && at < 2 * dimsIjk[axis]!);
  return isSensible
    ? lasAffine(
        header,
        spmOrigin.map((at) => at - 1),
      )
    : pixdimAffine(header, dimsIjk);
}

function lasAffine(header: NiftiHeader, zeroIjk: readonly number[]): number[] {
  const affine = new Array<number>(16).fill(0);
  for (let axis = 0; axis < 3; axis++) {
    const step = (axis === 0 ? -1 : 1) * (Math.abs(header.pixdim[axis + 1]!) || 1);
    affine[5 * axis] = step;
    affine[4 * axis + 3] = -step * zeroIjk[axis]!;
  }
  affine[15] = 1;
  return affine;
}

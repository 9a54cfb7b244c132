/** A label map onto the grid of its image: as it is, voxel by voxel, resampled and said, or refused because it is of another image. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { gridDistanceMm, ijkToLps, lpsToIjk, type Ijk } from '../../imaging/grid.ts';
import { resampleLabelsOnto, type ResampledLabels } from '../../imaging/resampleLabelsOnto.ts';
import type { Volume } from '../../imaging/volume.ts';

export interface FittedLabels {
  /** On the image's grid. */
  readonly voxels: LabelArray;
  readonly warnings: readonly AppError[];
}

/** Voxel centres of a label map and its image may differ by this part of the smallest spacing (rounded headers). */
const SAME_PLACE_PART = 0.1;
/** A map with more of its labels outside the image is of another image. */
const MOST_OUTSIDE_PART = 0.5;
/** A label whose volume changes by more is worth a word. */
const VOLUME_CHANGE_PART = 0.1;

/**
 * `isPlaced`: both headers say how they lie in the patient. Throws `import/label-shape` and `import/bad-geometry` for a map
 * of another image, in the words of the user.
 */
export function fitLabels(labels: Volume<LabelArray>, imageGrid: Grid, path: string, isPlaced: boolean): FittedLabels {
  const toleranceMm = SAME_PLACE_PART * Math.min(...imageGrid.spacingMm);
  const distanceMm = gridDistanceMm(labels.grid, imageGrid);
  if (distanceMm <= toleranceMm) return { voxels: labels.voxels, warnings: [] };
  const hasSameShape = distanceMm !== Infinity;
  const badGeometry = (detail: string) => new AppException({ code: 'import/bad-geometry', path, detail });
  if (!isPlaced) {
    if (hasSameShape)
      throw badGeometry(
        `as many voxels as its image, but ${distanceMm.toFixed(1)} mm apart, and one of the two headers does not say how it lies in the patient`,
      );
    throw new AppException({ code: 'import/label-shape', path, imageDims: [...imageGrid.dimsIjk], labelDims: [...labels.grid.dimsIjk] });
  }
  const fitted = resampleLabelsOnto(labels, imageGrid);
  const labelledCount = countLabelled(labels.voxels);
  if (!doOverlap(labels.grid, imageGrid) || fitted.outsideVoxelCount > MOST_OUTSIDE_PART * labelledCount) {
    if (!hasSameShape) throw new AppException({ code: 'import/label-shape', path, imageDims: [...imageGrid.dimsIjk], labelDims: [...labels.grid.dimsIjk] });
    throw badGeometry(
      `it does not lie on its image: ${distanceMm.toFixed(1)} mm apart, ${fitted.outsideVoxelCount} of ${labelledCount} labelled voxels are outside`,
    );
  }
  const isOnVoxels = sharesVoxels(labels.grid, imageGrid, toleranceMm);
  if (isOnVoxels && fitted.outsideVoxelCount === 0) return { voxels: fitted.labels.voxels, warnings: [] };
  const detail = [
    isOnVoxels ? 'a part of the same grid' : gridsInWords(labels.grid, imageGrid, distanceMm),
    ...(fitted.outsideVoxelCount > 0 ? [`${fitted.outsideVoxelCount} of ${labelledCount} labelled voxels lie outside the image and are lost`] : []),
    ...changedVolumes(fitted),
  ].join('; ');
  return { voxels: fitted.labels.voxels, warnings: [{ code: 'import/labels-resampled', path, detail }] };
}

function countLabelled(voxels: LabelArray): number {
  let count = 0;
  for (let n = 0; n < voxels.length; n++) if (voxels[n] !== 0) count++;
  return count;
}

function gridsInWords(own: Grid, image: Grid, distanceMm: number): string {
  const inWords = ({ dimsIjk, spacingMm }: Grid) => `${dimsIjk.join(' × ')} voxels of ${spacingMm.map((mm) => Number(mm.toFixed(3))).join(' × ')} mm`;
  const same = inWords(own) === inWords(image);
  return same ? `${inWords(own)}, ${distanceMm.toFixed(1)} mm apart` : `${inWords(own)} instead of ${inWords(image)}`;
}

/** Nearest voxels keep what is large; of thin structures much can change. */
function changedVolumes({ volumes }: ResampledLabels): string[] {
  const changed = volumes.filter(({ sourceMm3, targetMm3 }) => Math.abs(targetMm3 - sourceMm3) > VOLUME_CHANGE_PART * sourceMm3);
  return changed.slice(0, 5).map(({ labelValue, sourceMm3, targetMm3 }) => `label ${labelValue} has ${ml(targetMm3)} ml instead of ${ml(sourceMm3)}`);
}

const ml = (mm3: number): string => (mm3 / 1000).toPrecision(3);

/** Every voxel centre of `own` is one of `image`: a part of it, or its axes in another order. */
function sharesVoxels(own: Grid, image: Grid, toleranceMm: number): boolean {
  const start = lpsToIjk(image, ijkToLps(own, [0, 0, 0]));
  const ends = (
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ] as const
  ).map((step, axis) => {
    const last = own.dimsIjk[axis]! - 1;
    return lpsToIjk(image, ijkToLps(own, step.map((s) => s * Math.max(1, last)) as unknown as Ijk));
  });
  const isWhole = (ijk: readonly number[]) => ijk.every((x, axis) => Math.abs(x - Math.round(x)) * image.spacingMm[axis]! <= toleranceMm);
  const isStep = (end: readonly number[], axis: number) => {
    const steps = Math.max(1, own.dimsIjk[axis]! - 1);
    const moved = end.map((x, n) => Math.abs(Math.round(x - start[n]!)));
    return moved.filter((x) => x === steps).length === 1 && moved.filter((x) => x === 0).length === 2;
  };
  return isWhole(start) && ends.every((end, axis) => isWhole(end) && isStep(end, axis));
}

/** Some corner or the middle of the one lies in the other. */
function doOverlap(a: Grid, b: Grid): boolean {
  return hasPointIn(a, b) || hasPointIn(b, a);
}

function hasPointIn(a: Grid, b: Grid): boolean {
  const [ni, nj, nk] = a.dimsIjk;
  for (const i of [0, (ni - 1) / 2, ni - 1])
    for (const j of [0, (nj - 1) / 2, nj - 1])
      for (const k of [0, (nk - 1) / 2, nk - 1]) {
        const inside = lpsToIjk(b, ijkToLps(a, [i, j, k]));
        if (inside.every((x, axis) => x >= -0.5 && x <= b.dimsIjk[axis]! - 0.5)) return true;
      }
  return false;
}

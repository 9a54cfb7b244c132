/**
 * Contours to voxels, by pixel centre: a voxel belongs to a region when its centre lies inside an odd number of the
 * region's contours on its slice. Nothing is interpolated between slices.
 */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { voxelCountOf } from '../../imaging/grid.ts';
import type { Segmentation } from '../segmentation/segmentation.ts';
import { fillContours } from './fillContours.ts';
import { placeContours, PLANE_AXES, type PlacedRoi } from './placeContours.ts';
import type { RtRoi, RtStruct } from './rtStruct.ts';

/** Contours farther than this part of the slice distance from the middle of their slice are said to lie between slices. */
const ON_SLICE = 0.1;

/**
 * The regions of `struct` on the grid of an image in the same frame of reference. Regions that are not parallel to the
 * grid are left out with a warning. Throws `import/bad-geometry` when nothing lies on the grid.
 */
export function rasterizeRtStruct(struct: RtStruct, grid: Grid): Segmentation {
  const warnings: AppError[] = [...struct.warnings];
  const warn = (detail: string) => warnings.push({ code: 'import/bad-geometry', path: struct.path, detail });
  const placed: { readonly roi: RtRoi; readonly place: PlacedRoi }[] = [];
  for (const roi of struct.rois) {
    const place = placeContours(roi.contours, grid);
    if (!place) {
      warn(`the contours of '${roi.name}' are not parallel to the slices of the image, nor to any other two of its axes; the region is left out`);
      continue;
    }
    placed.push({ roi, place });
    for (const detail of doubtsOf(roi, place, grid)) warn(detail);
  }
  if (placed.every(({ place }) => place.ringsOfSlice.size === 0)) {
    const reason = placed.length === 0 ? 'no region is parallel to the axes of the image' : 'all contours lie outside the slices of the image';
    throw new AppException({ code: 'import/bad-geometry', path: struct.path, detail: `${reason}: the structure set belongs to another image` });
  }
  return {
    grid,
    segments: placed.map(({ roi: { number, name, colorRgb, codes } }) => ({ number, name, colorRgb, codes })),
    image: struct.image,
    warnings,
    maskOf: (index) => filled(placed[index]!.place, grid),
  };
}

function filled({ axis, ringsOfSlice }: PlacedRoi, grid: Grid): Uint8Array {
  const mask = new Uint8Array(voxelCountOf(grid));
  const stride = [1, grid.dimsIjk[0], grid.dimsIjk[0] * grid.dimsIjk[1]] as const;
  const [u, v] = PLANE_AXES[axis];
  const [width, height] = [grid.dimsIjk[u], grid.dimsIjk[v]];
  for (const [slice, rings] of ringsOfSlice) {
    const pixels = fillContours(rings, width, height);
    for (let row = 0; row < height; row++) {
      let at = slice * stride[axis] + row * stride[v];
      for (let column = 0; column < width; column++, at += stride[u]) mask[at] = pixels[row * width + column]!;
    }
  }
  return mask;
}

/** What the user should know of a region before trusting its mask. */
function doubtsOf({ name, contours, saysItsPlanes }: RtRoi, place: PlacedRoi, grid: Grid): string[] {
  const doubts: string[] = [];
  if (place.axis !== 2) doubts.push(`'${name}' is drawn across the slices of the image; it is filled in planes of the ${'ij'[place.axis]} axis`);
  if (place.outsideCount > 0)
    doubts.push(`${place.outsideCount} of ${contours.length} contours of '${name}' lie outside the slices of the image and are left out`);
  if (place.supersededCount > 0)
    doubts.push(`${place.supersededCount} of ${contours.length} contours of '${name}' lie between slices, where others are nearer, and are left out`);
  if (place.farthestMm > ON_SLICE * grid.spacingMm[place.axis])
    doubts.push(`contours of '${name}' lie between slices and are taken to the nearest, by up to ${Number(place.farthestMm.toFixed(2))} mm`);
  const slices = [...place.ringsOfSlice.keys()];
  const [first, last] = [slices.reduce((a, b) => Math.min(a, b), Infinity), slices.reduce((a, b) => Math.max(a, b), -Infinity)];
  const gaps = slices.length > 0 ? last - first + 1 - slices.length : 0;
  if (gaps > 0 && !saysItsPlanes) doubts.push(`${gaps} slices between the contours of '${name}' have none and stay empty`);
  return doubts;
}

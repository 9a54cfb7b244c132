/** The surface of a structure: its voxels with at least one face neighbour outside it. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { voxelCount } from '../../imaging/tensorShape.ts';

/** Half open, in voxels. */
export interface BoxDhw {
  readonly begin: ShapeDhw;
  readonly end: ShapeDhw;
}

export const boxShapeDhw = ({ begin, end }: BoxDhw): ShapeDhw => [end[0] - begin[0], end[1] - begin[1], end[2] - begin[2]];

/**
 * 1 on the surface, 0 elsewhere, for the voxels of `box`, which must hold the whole structure (`isMember[label]` is 1 for
 * its labels). The border of the volume counts as outside, as in scipy's `mask ^ binary_erosion(mask)`; an axis of a
 * single voxel has no neighbours, so that a slice has an outline and is not all surface.
 */
export function surfaceVoxels(labels: LabelArray, shape: ShapeDhw, isMember: Uint8Array, box: BoxDhw): Uint8Array {
  const size = boxShapeDhw(box);
  const [depth, height, width] = size;
  const member = new Uint8Array(voxelCount(size));
  for (let d = 0, to = 0; d < depth; d++) {
    for (let h = 0; h < height; h++) {
      let from = ((box.begin[0] + d) * shape[1] + box.begin[1] + h) * shape[2] + box.begin[2];
      for (let w = 0; w < width; w++) member[to++] = isMember[labels[from++]!]!;
    }
  }
  const surface = new Uint8Array(member.length);
  const slice = height * width;
  const [dTurns, hTurns, wTurns] = shape.map((count) => count > 1);
  for (let d = 0, n = 0; d < depth; d++) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++, n++) {
        if (member[n] === 0) continue;
        const isInside =
          (!dTurns || (d > 0 && d < depth - 1 && member[n - slice] === 1 && member[n + slice] === 1)) &&
          (!hTurns || (h > 0 && h < height - 1 && member[n - width] === 1 && member[n + width] === 1)) &&
          (!wTurns || (w > 0 && w < width - 1 && member[n - 1] === 1 && member[n + 1] === 1));
        if (!isInside) surface[n] = 1;
      }
    }
  }
  return surface;
}

/** A stored label map as it leaves the project: in the voxel order and geometry of the file the user gave. */
import { AppException } from '../contract/errors.ts';
import type { Grid } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { gridsMatch } from '../imaging/grid.ts';
import { canonicalGrid, fromCanonical } from '../imaging/orientation.ts';
import type { Volume } from '../imaging/volume.ts';

/** Stored label maps carry float32 geometry; far below any voxel. */
const TOLERANCE_MM = 0.01;

/** `file` names the label map in the error. Throws `disk/corrupt` when it does not lie on the canonical form of `sourceGrid`. */
export function labelmapInSourceGeometry(labelmap: Volume<LabelArray>, sourceGrid: Grid, file: string): Volume<LabelArray> {
  if (!gridsMatch(labelmap.grid, canonicalGrid(sourceGrid), TOLERANCE_MM)) {
    throw new AppException({ code: 'disk/corrupt', path: file, detail: 'lies on another grid than its image' });
  }
  return { grid: sourceGrid, voxels: fromCanonical(labelmap.voxels, sourceGrid) };
}

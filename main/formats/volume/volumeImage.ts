import type { AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import type { ReadSegment, Segmentation } from '../segmentation/segmentation.ts';

/** What a volume file of the research world (NIfTI, NRRD, MetaImage) holds. */
export interface VolumeImage {
  /** Of the file as it is, not yet canonical. */
  readonly grid: Grid;
  /** At least one; all of one type, in file order. May share memory with the bytes that were read. */
  readonly channels: readonly VoxelArray[];
  /** NaN and infinite voxels, which were read as 0. */
  readonly nonFiniteCount: number;
  /** Names and codes of the label values in the only channel, where the file says them: `number` is the label value. */
  readonly segments?: readonly ReadSegment[];
  /** Where the file calls itself a segmentation. Its segments may overlap; then it has several channels and no `segments`. */
  readonly segmentation?: Segmentation;
  /** What was doubtful: an orientation that the file does not say, values that were rounded. */
  readonly warnings: readonly AppError[];
}

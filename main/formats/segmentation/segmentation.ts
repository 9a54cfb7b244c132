/** Segments of another program's object (SEG, RTSTRUCT, NRRD), before they become label values of a legend. */
import type { AppError } from '../../contract/errors.ts';
import type { Grid, Segment, SegmentCodes } from '../../contract/vocabulary.ts';

export interface ReadSegment {
  /** In the object: segment number, ROI number, label value. */
  readonly number: number;
  readonly name: string;
  readonly colorRgb?: Segment['colorRgb'];
  readonly codes?: SegmentCodes;
}

/** Which images the object names; everything may be missing, and what is there may be wrong. */
export interface SegmentedImage {
  readonly studyUid?: string;
  readonly seriesUid?: string;
  readonly frameOfReferenceUid?: string;
  readonly sopInstanceUids: readonly string[];
}

/** Segments may overlap. */
export interface Segmentation {
  readonly grid: Grid;
  readonly segments: readonly ReadSegment[];
  readonly image: SegmentedImage;
  readonly warnings: readonly AppError[];
  /** 0 or 1 for each voxel of the grid, i fastest, made anew by each call; `index` counts `segments`. */
  readonly maskOf: (index: number) => Uint8Array;
}

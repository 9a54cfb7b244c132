/** A radiotherapy structure set as read: regions of interest as polygons in the patient's frame (PS3.3 section A.19). */
import type { AppError } from '../../contract/errors.ts';
import type { ReadSegment, SegmentedImage } from '../segmentation/segmentation.ts';

/** One closed polygon; the last point joins the first. */
export interface RtContour {
  /** x, y, z of each point, LPS millimetres; at least three points. */
  readonly pointsLpsMm: Float64Array;
  /** The image it was drawn on, where the file says so. */
  readonly sopInstanceUid?: string;
}

export interface RtRoi extends ReadSegment {
  readonly contours: readonly RtContour[];
  /** The file describes the planes it was drawn on, so that a plane without a contour is empty on purpose (PS3.3 C.8.8.6.4). */
  readonly saysItsPlanes: boolean;
  /** e.g. `GTV`, `ORGAN`, `EXTERNAL`; `''` when unset. */
  readonly interpretedType: string;
  readonly frameOfReferenceUid?: string;
}

export interface RtStruct {
  readonly path: string;
  /** Those with closed contours, in the order of the file. */
  readonly rois: readonly RtRoi[];
  readonly image: SegmentedImage;
  readonly warnings: readonly AppError[];
}

/** What one frame says about its place and its values, apart from the pixels. */
import type { DataSet } from 'dicom-parser';
import { decimals } from './parseDicom.ts';
import { decimalOf, functionalGroup } from './functionalGroups.ts';

export interface FramePlace {
  /** Centre of the first pixel; absent in images without a patient frame. */
  readonly positionLpsMm?: readonly number[];
  /** Six cosines: direction of growing column index, then of growing row index. */
  readonly orientation?: readonly number[];
  /** Distance between rows, then between columns. */
  readonly pixelSpacingMm?: readonly number[];
  readonly sliceThicknessMm?: number;
}

export interface FrameFacts extends FramePlace {
  /** The modality value is `stored * slope + intercept`. */
  readonly slope: number;
  readonly intercept: number;
}

/** `frame` counts from 0; `null` for an image without functional groups per frame. */
export function frameFacts(dataSet: DataSet, frame: number | null): FrameFacts {
  const rescale = functionalGroup(dataSet, frame, 'x00289145');
  return {
    slope: decimalOf(rescale, 'x00281053') ?? 1,
    intercept: decimalOf(rescale, 'x00281052') ?? 0,
    ...framePlace(dataSet, frame),
  };
}

export function framePlace(dataSet: DataSet, frame: number | null): FramePlace {
  const measures = functionalGroup(dataSet, frame, 'x00289110');
  return {
    positionLpsMm: decimals(functionalGroup(dataSet, frame, 'x00209113'), 'x00200032'),
    orientation: decimals(functionalGroup(dataSet, frame, 'x00209116'), 'x00200037'),
    pixelSpacingMm: decimals(measures, 'x00280030'),
    sliceThicknessMm: decimalOf(measures, 'x00180050'),
  };
}

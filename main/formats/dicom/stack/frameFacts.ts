/** What one frame says about its place and its values, apart from the pixels. */
import type { DataSet } from 'dicom-parser';
import { decimals } from '../parseDicom.ts';
import { binaryOf, classicHolder, decimalOf, functionalGroup } from './functionalGroups.ts';
import { petFactsOf, type PetFacts } from './suvFactorOf.ts';

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
  /** A table instead of slope and intercept, which is not applied. */
  readonly hasModalityLut: boolean;
  /** What the scanner says of its gantry; the positions say what became of it. */
  readonly gantryTiltDegrees?: number;
  /** Stored value of pixels outside of what was measured. */
  readonly paddingValue?: number;
  /** Absent for other modalities. */
  readonly pet?: PetFacts;
}

/** `frame` counts from 0; `null` for an image without functional groups per frame. */
export function frameFacts(dataSet: DataSet, frame: number | null): FrameFacts {
  const rescale = functionalGroup(dataSet, frame, 'x00289145');
  return {
    slope: decimalOf(rescale, 'x00281053') ?? 1,
    intercept: decimalOf(rescale, 'x00281052') ?? 0,
    hasModalityLut: 'x00283000' in dataSet.elements && decimalOf(rescale, 'x00281053') === undefined,
    gantryTiltDegrees: decimalOf(classicHolder(dataSet, frame, 'x00181120'), 'x00181120'),
    paddingValue: paddingValue(dataSet),
    pet: petFactsOf(dataSet, frame),
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

/** US or SS, as the pixels are (PS3.3 C.7.5.1.1.2). */
function paddingValue(dataSet: DataSet): number | undefined {
  const value = binaryOf(dataSet, 'x00280120', 'US');
  const isSigned = binaryOf(dataSet, 'x00280103', 'US') === 1;
  return value !== undefined && isSigned && value > 32767 ? value - 65536 : value;
}

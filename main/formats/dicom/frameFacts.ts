/** What one frame says about itself apart from its pixels. */
import type { DataSet } from 'dicom-parser';
import { decimals } from './parseDicom.ts';

/** Geometry and rescale of one frame: from its functional groups, from the shared ones, or from the top level. */
export function frameFacts(dataSet: DataSet, frame: number | null) {
  const group = (sequence: string): DataSet => {
    if (frame === null) return dataSet;
    return (
      itemOf(itemOf(dataSet, 'x52009230', frame), sequence, 0) ??
      itemOf(itemOf(dataSet, 'x52009229', 0), sequence, 0) ??
      dataSet
    );
  };
  const measures = group('x00289110');
  const rescale = group('x00289145');
  return {
    slope: finiteOr(rescale.floatString('x00281053'), 1),
    intercept: finiteOr(rescale.floatString('x00281052'), 0),
    positionLpsMm: decimals(group('x00209113'), 'x00200032'),
    orientation: decimals(group('x00209116'), 'x00200037'),
    pixelSpacingMm: decimals(measures, 'x00280030'),
    sliceThicknessMm: measures.floatString('x00180050'),
  };
}

function finiteOr(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) ? value : otherwise;
}

function itemOf(dataSet: DataSet | undefined, sequence: string, index: number): DataSet | undefined {
  return dataSet?.elements[sequence]?.items?.[index]?.dataSet;
}

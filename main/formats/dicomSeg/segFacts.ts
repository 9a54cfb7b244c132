/** What the header of a segmentation object says: its layout, where each frame lies, which images it was made on. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../contract/errors.ts';
import { binaryOf, decimalOf, functionalGroup, groupedFrameCount, itemOf, textOf } from '../dicom/stack/functionalGroups.ts';
import { decimals } from '../dicom/parseDicom.ts';
import type { SegmentedImage } from '../segmentation/segmentation.ts';
import type { SegPlane } from './segGeometry.ts';
import type { SegLayout } from './segPixels.ts';

export const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
export const LABEL_MAP_SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.7';

const TYPES = ['BINARY', 'FRACTIONAL', 'LABELMAP'] as const;
const BITS: Readonly<Record<SegLayout['type'], readonly number[]>> = { BINARY: [1], FRACTIONAL: [8], LABELMAP: [8, 16] };

/** Throws `import/unsupported` for objects that lie in no patient, `import/unreadable` for those that contradict themselves. */
export function segLayout(dataSet: DataSet, path: string): SegLayout {
  const sopClass = textOf(dataSet, 'x00080016') || textOf(dataSet, 'x00020002');
  const unsupported = (detail: string): never => {
    throw new AppException({ code: 'import/unsupported', path, detail });
  };
  const unreadable = (detail: string): never => {
    throw new AppException({ code: 'import/unreadable', path, detail });
  };
  if (sopClass !== SEGMENTATION_STORAGE && sopClass !== LABEL_MAP_SEGMENTATION_STORAGE)
    unsupported(`no segmentation object (SOP class ${sopClass || 'missing'})`);
  refuseSlides(dataSet, unsupported);
  const declared = textOf(dataSet, 'x00620001') || (sopClass === LABEL_MAP_SEGMENTATION_STORAGE ? 'LABELMAP' : '');
  const type = TYPES.find((name) => name === declared) ?? unsupported(`segmentation type '${declared}'`);
  const [rows, columns] = [binaryOf(dataSet, 'x00280010', 'US') ?? 0, binaryOf(dataSet, 'x00280011', 'US') ?? 0];
  if (rows === 0 || columns === 0) unreadable('Rows or Columns is missing');
  const allocatedBits = binaryOf(dataSet, 'x00280100', 'US') ?? 0;
  if (!BITS[type].includes(allocatedBits)) unsupported(`${allocatedBits} bits allocated per pixel of a ${type} segmentation`);
  const frameCount = groupedFrameCount(dataSet);
  const declaredCount = decimalOf(dataSet, 'x00280008') ?? frameCount;
  if (frameCount === 0 || declaredCount !== frameCount) unreadable(`${declaredCount} frames, ${frameCount} of them described`);
  return { type, rows, columns, frameCount, allocatedBits };
}

function refuseSlides(dataSet: DataSet, refuse: (detail: string) => never): void {
  const organization = textOf(dataSet, 'x00209311');
  const isSlide = organization.startsWith('TILED') || functionalGroup(dataSet, 0, 'x0048021a') !== dataSet;
  if (isSlide) refuse('segments of a slide (whole-slide microscopy) lie in no patient');
  const hasPlanes = ['x00209113', 'x00209116'].every((sequence) => functionalGroup(dataSet, 0, sequence) !== dataSet);
  if (!hasPlanes && groupedFrameCount(dataSet) > 0) refuse('its frames have no position in the patient (segments of a projection image)');
}

export function segPlane(dataSet: DataSet, frame: number): SegPlane {
  const measures = functionalGroup(dataSet, frame, 'x00289110');
  return {
    positionLpsMm: decimals(functionalGroup(dataSet, frame, 'x00209113'), 'x00200032'),
    orientation: decimals(functionalGroup(dataSet, frame, 'x00209116'), 'x00200037'),
    pixelSpacingMm: decimals(measures, 'x00280030'),
    spacingBetweenSlicesMm: decimalOf(measures, 'x00180088'),
    sliceThicknessMm: decimalOf(measures, 'x00180050'),
  };
}

/** Referenced Segment Number of a frame; `undefined` when it names none. */
export function segmentNumberOf(dataSet: DataSet, frame: number): number | undefined {
  return binaryOf(functionalGroup(dataSet, frame, 'x0062000a'), 'x0062000b', 'US');
}

/** Of a LABELMAP: the pixel value that belongs to no segment (PS3.3 C.8.20.2.3.3). */
export const backgroundOf = (dataSet: DataSet): number => binaryOf(dataSet, 'x00280120', 'US') ?? 0;

export const largestFraction = (dataSet: DataSet): number => binaryOf(dataSet, 'x0062000e', 'US') || 255;

/** From the common instance references, and the source images of every frame. */
export function segmentedImage(dataSet: DataSet): SegmentedImage {
  const study = itemOf(dataSet, 'x00081200');
  const series = itemOf(dataSet, 'x00081115') ?? itemOf(study, 'x00081115');
  const uids = new Set<string>();
  for (const { dataSet: instance } of series?.elements['x0008114a']?.items ?? []) if (instance) uids.add(textOf(instance, 'x00081155'));
  for (let frame = 0; frame < groupedFrameCount(dataSet); frame++) {
    const derivation = functionalGroup(dataSet, frame, 'x00089124');
    for (const { dataSet: source } of derivation.elements['x00082112']?.items ?? []) if (source) uids.add(textOf(source, 'x00081155'));
  }
  uids.delete('');
  const [studyUid, seriesUid, frameOfReferenceUid] = [
    (study && textOf(study, 'x0020000d')) || textOf(dataSet, 'x0020000d'),
    (series && textOf(series, 'x0020000e')) ?? '',
    textOf(dataSet, 'x00200052'),
  ];
  return {
    ...(studyUid ? { studyUid } : {}),
    ...(seriesUid ? { seriesUid } : {}),
    ...(frameOfReferenceUid ? { frameOfReferenceUid } : {}),
    sopInstanceUids: [...uids],
  };
}

/** Bytes of an RT Structure Set (PS3.3 section A.19) to its regions of interest; nothing is filled yet (`rasterizeRtStruct.ts`). */
import type { DataSet } from 'dicom-parser';
import { AppException, type AppError } from '../../contract/errors.ts';
import { Segment, type Code, type SegmentCodes } from '../../contract/vocabulary.ts';
import { codeOf } from '../dicom/codeSequence.ts';
import { characterSetOf, dicomText } from '../dicom/dicomText.ts';
import { decimals, parseDicom, type Inflate } from '../dicom/parseDicom.ts';
import type { SegmentedImage } from '../segmentation/segmentation.ts';
import type { RtContour, RtRoi, RtStruct } from './rtStruct.ts';

export const RT_STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3';

/** Both are filled by the even–odd rule over all contours of one plane. */
const CLOSED_TYPES = ['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR'];

/**
 * Throws `import/unreadable` (damaged, not a structure set) and `import/unsupported` (no region with a closed contour).
 * What is left out – points, open lines, damaged contours – is said in `warnings`.
 */
export function readRtStruct(bytes: Uint8Array, path: string, inflate?: Inflate): RtStruct {
  const { dataSet } = parseDicom(bytes, path, inflate);
  const sopClass = dataSet.string('x00080016')?.trim() || dataSet.string('x00020002')?.trim();
  if (sopClass !== RT_STRUCTURE_SET) {
    throw new AppException({ code: 'import/unreadable', path, detail: 'not a radiotherapy structure set (RTSTRUCT)' });
  }
  const characterSet = characterSetOf(dataSet);
  const warnings: AppError[] = [];
  const warn = (detail: string) => warnings.push({ code: 'import/unsupported', path, detail });
  const rois = roisOf(dataSet, characterSet, warn);
  if (rois.length === 0) {
    throw new AppException({
      code: 'import/unsupported',
      path,
      detail: ['no region with a closed contour', ...warnings.map((warning) => ('detail' in warning ? warning.detail : ''))].join('; '),
    });
  }
  const frames = new Set(rois.flatMap((roi) => roi.frameOfReferenceUid ?? []));
  if (frames.size > 1) warn(`regions in ${frames.size} frames of reference: those of other images will not lie where they belong`);
  return { path, rois, image: imageOf(dataSet, rois), warnings };
}

type Warn = (detail: string) => void;

function roisOf(dataSet: DataSet, characterSet: readonly string[], warn: Warn): RtRoi[] {
  const declared = byNumber(items(dataSet, 'x30060020'), 'x30060022', (number) =>
    warn(`several regions have the number ${number}; the first one's name is used`),
  );
  const observed = byNumber(items(dataSet, 'x30060080'), 'x30060084');
  const contoured = contouredRegions(dataSet, warn);
  const rois: RtRoi[] = [];
  for (const [number, { colorRgb, contourItems, saysItsPlanes }] of contoured) {
    const roi = declared.get(number);
    const observation = observed.get(number);
    const name = (roi && dicomText(roi, 'x30060026', characterSet)) || (observation && dicomText(observation, 'x30060085', characterSet)) || `ROI ${number}`;
    if (!roi) warn(`contours of a region with the number ${number}, which StructureSetROISequence does not name`);
    const contours = closedContours(contourItems, name, warn);
    if (contours.length === 0) continue;
    rois.push({
      number,
      name,
      colorRgb,
      codes: observation && codesOf(observation, characterSet),
      contours,
      saysItsPlanes,
      interpretedType: observation?.string('x300600a4')?.trim() ?? '',
      frameOfReferenceUid: roi?.string('x30060024')?.trim() || undefined,
    });
  }
  for (const [number, roi] of declared) {
    if (!contoured.has(number)) warn(`the region '${dicomText(roi, 'x30060026', characterSet) || number}' has no contours and is left out`);
  }
  return rois;
}

interface ContouredRegion {
  readonly colorRgb?: Segment['colorRgb'];
  readonly contourItems: readonly DataSet[];
  readonly saysItsPlanes: boolean;
}

/** By ROI number; items of one number are taken together. */
function contouredRegions(dataSet: DataSet, warn: Warn): Map<number, ContouredRegion> {
  const regions = new Map<number, ContouredRegion>();
  for (const item of items(dataSet, 'x30060039')) {
    const number = item.intString('x30060084');
    if (number === undefined || !Number.isInteger(number)) {
      warn(`${items(item, 'x30060040').length} contours of a region without a number left out`);
      continue;
    }
    const known = regions.get(number);
    regions.set(number, {
      colorRgb: known?.colorRgb ?? colorOf(item),
      contourItems: [...(known?.contourItems ?? []), ...items(item, 'x30060040')],
      saysItsPlanes: items(item, 'x3006004a').length > 0,
    });
  }
  return regions;
}

function closedContours(contourItems: readonly DataSet[], name: string, warn: Warn): RtContour[] {
  const contours: RtContour[] = [];
  const leftOut = new Map<string, number>();
  const leaveOut = (what: string) => leftOut.set(what, (leftOut.get(what) ?? 0) + 1);
  for (const item of contourItems) {
    const type = item.string('x30060042')?.trim() || 'CLOSED_PLANAR';
    const coordinates = decimals(item, 'x30060050') ?? [];
    const declaredPoints = item.intString('x30060046');
    if (!CLOSED_TYPES.includes(type)) leaveOut(type);
    else if (coordinates.length === 0) leaveOut('without points');
    else if (coordinates.length % 3 !== 0 || !coordinates.every(Number.isFinite)) leaveOut('damaged (numbers missing or unreadable)');
    else if (coordinates.length < 9) leaveOut('of fewer than 3 points, without an area');
    else {
      if (declaredPoints !== undefined && 3 * declaredPoints !== coordinates.length)
        warn(`a contour of '${name}' says ${declaredPoints} points and has ${coordinates.length / 3}; those it has are used`);
      const sopInstanceUid = items(item, 'x30060016')[0]?.string('x00081155')?.trim() || undefined;
      contours.push({ pointsLpsMm: Float64Array.from(coordinates), sopInstanceUid });
    }
  }
  const what = [...leftOut].map(([reason, count]) => `${count} ${reason}`).join(', ');
  if (contours.length === 0) warn(`the region '${name}' has no closed contour${what && ` (${what})`} and is left out`);
  else if (what) warn(`of the region '${name}' ${what} left out`);
  return contours;
}

/** The images that the file names, from the frame of reference down to each contour. */
function imageOf(dataSet: DataSet, rois: readonly RtRoi[]): SegmentedImage {
  const frames = items(dataSet, 'x30060010');
  const studies = frames.flatMap((frame) => items(frame, 'x30060012'));
  const series = studies.flatMap((study) => items(study, 'x30060014'));
  const listed = series.flatMap((one) => items(one, 'x30060016')).map((image) => image.string('x00081155')?.trim());
  const drawnOn = rois.flatMap((roi) => roi.contours.map((contour) => contour.sopInstanceUid));
  return {
    // the structure set lies in the study of its images when it does not name one
    studyUid: studies[0]?.string('x00081155')?.trim() || dataSet.string('x0020000d')?.trim() || undefined,
    seriesUid: series[0]?.string('x0020000e')?.trim() || undefined,
    frameOfReferenceUid:
      frames[0]?.string('x00200052')?.trim() ||
      rois.find((roi) => roi.frameOfReferenceUid)?.frameOfReferenceUid ||
      dataSet.string('x00200052')?.trim() ||
      undefined,
    sopInstanceUids: [...new Set([...drawnOn, ...listed])].filter((uid) => uid !== undefined && uid !== '') as string[],
  };
}

function codesOf(observation: DataSet, characterSet: readonly string[]): SegmentCodes | undefined {
  const identification = items(observation, 'x30060086')[0];
  const type = codeOf(identification, characterSet);
  if (!type) return undefined;
  // written by older programs without a category: what a contour surrounds in a body
  const category = codeOf(items(observation, 'x00620003')[0], characterSet) ?? ANATOMICAL_STRUCTURE;
  const modifier = codeOf(identification && items(identification, 'x00620011')[0], characterSet);
  return { category, type, ...(modifier && { modifier }) };
}

const ANATOMICAL_STRUCTURE: Code = { scheme: 'SCT', value: '91723000', meaning: 'Anatomical Structure' };

function colorOf(item: DataSet): Segment['colorRgb'] | undefined {
  const color = Segment.shape.colorRgb.safeParse(decimals(item, 'x3006002a'));
  return color.success ? color.data : undefined;
}

function byNumber(sequence: readonly DataSet[], tag: string, onDuplicate?: (number: number) => void): Map<number, DataSet> {
  const found = new Map<number, DataSet>();
  for (const item of sequence) {
    const number = item.intString(tag);
    if (number === undefined || Number.isNaN(number)) continue;
    if (found.has(number)) onDuplicate?.(number);
    else found.set(number, item);
  }
  return found;
}

const items = (dataSet: DataSet, tag: string): DataSet[] => (dataSet.elements[tag]?.items ?? []).flatMap((item) => item.dataSet ?? []);

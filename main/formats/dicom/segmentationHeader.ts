/** What a SEG or RTSTRUCT says of the images it was drawn on, enough to find them before a voxel is decoded. */
import type { DataSet } from 'dicom-parser';
import { decimals, parseDicom, type Inflate } from './parseDicom.ts';

export interface SegmentationHeader {
  readonly kind: 'seg' | 'rtStruct';
  readonly sopInstanceUid: string;
  readonly patientId: string;
  /** Content or structure set date and time as the file writes them, so that they sort as text; '' when missing. */
  readonly writtenAt: string;
  readonly seriesUids: readonly string[];
  readonly sopInstanceUids: readonly string[];
  readonly frameOfReferenceUids: readonly string[];
  /** Smallest and largest L, P, S of contours or frames; absent when nothing is drawn or placed. */
  readonly extentLpsMm?: readonly [readonly number[], readonly number[]];
}

const SEG_CLASSES = new Set(['1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7']);
const RTSTRUCT_CLASS = '1.2.840.10008.5.1.4.1.1.481.3';

/** `null` for another object. `bytes` are the whole file. Throws what `parseDicom` throws. */
export function readSegmentationHeader(bytes: Uint8Array, path: string, inflate?: Inflate): SegmentationHeader | null {
  const { dataSet } = parseDicom(bytes, path, inflate);
  const sopClassUid = textOf(dataSet, 'x00080016') || textOf(dataSet, 'x00020002');
  const common = { sopInstanceUid: textOf(dataSet, 'x00080018'), patientId: textOf(dataSet, 'x00100020') };
  if (SEG_CLASSES.has(sopClassUid)) {
    return { kind: 'seg', ...common, writtenAt: textOf(dataSet, 'x00080023') + textOf(dataSet, 'x00080033'), ...segImages(dataSet) };
  }
  if (sopClassUid !== RTSTRUCT_CLASS) return null;
  return { kind: 'rtStruct', ...common, writtenAt: textOf(dataSet, 'x30060008') + textOf(dataSet, 'x30060009'), ...rtImages(dataSet) };
}

type ReferencedImages = Pick<SegmentationHeader, 'seriesUids' | 'sopInstanceUids' | 'frameOfReferenceUids' | 'extentLpsMm'>;

/** PS3.3 C.8.20.2 and C.7.6.16: Referenced Series Sequence, Derivation Image of each frame, plane positions. */
function segImages(dataSet: DataSet): ReferencedImages {
  const series = itemsOf(dataSet, 'x00081115');
  const frames = itemsOf(dataSet, 'x52009230');
  const derived = [...itemsOf(dataSet, 'x52009229'), ...frames].flatMap((frame) =>
    itemsOf(frame, 'x00089124').flatMap((derivation) => itemsOf(derivation, 'x00082112')),
  );
  return {
    seriesUids: distinct(series.map((item) => textOf(item, 'x0020000e'))),
    sopInstanceUids: distinct([...series.flatMap((item) => itemsOf(item, 'x0008114a')), ...derived].map((item) => textOf(item, 'x00081155'))),
    frameOfReferenceUids: distinct([textOf(dataSet, 'x00200052')]),
    ...withExtent(segCorners(dataSet, frames)),
  };
}

function segCorners(dataSet: DataSet, frames: readonly DataSet[]): number[][] {
  const [shared] = itemsOf(dataSet, 'x52009229');
  const groupOf = (frame: DataSet, sequence: string) => itemsOf(frame, sequence)[0] ?? (shared && itemsOf(shared, sequence)[0]);
  const [rows, columns] = [dataSet.uint16('x00280010') ?? 0, dataSet.uint16('x00280011') ?? 0];
  return frames.flatMap((frame) => {
    const [position, orientation, spacing] = [
      numbersOf(groupOf(frame, 'x00209113'), 'x00200032', 3),
      numbersOf(groupOf(frame, 'x00209116'), 'x00200037', 6),
      numbersOf(groupOf(frame, 'x00289110'), 'x00280030', 2),
    ];
    if (!position || !orientation || !spacing) return [];
    return [0, columns - 1].flatMap((i) =>
      [0, rows - 1].map((j) => position.map((x, n) => x + i * spacing[1]! * orientation[n]! + j * spacing[0]! * orientation[3 + n]!)),
    );
  });
}

/** PS3.3 C.8.8.5: referenced frames of reference with their series, contour images, contour points. */
function rtImages(dataSet: DataSet): ReferencedImages {
  const frames = itemsOf(dataSet, 'x30060010');
  const series = frames.flatMap((frame) => itemsOf(frame, 'x30060012').flatMap((study) => itemsOf(study, 'x30060014')));
  const contours = itemsOf(dataSet, 'x30060039').flatMap((roi) => itemsOf(roi, 'x30060040'));
  const images = [...series, ...contours].flatMap((item) => itemsOf(item, 'x30060016'));
  return {
    seriesUids: distinct(series.map((item) => textOf(item, 'x0020000e'))),
    sopInstanceUids: distinct(images.map((item) => textOf(item, 'x00081155'))),
    frameOfReferenceUids: distinct([
      ...frames.map((frame) => textOf(frame, 'x00200052')),
      ...itemsOf(dataSet, 'x30060020').map((roi) => textOf(roi, 'x30060024')),
    ]),
    ...withExtent(pointsOf(contours)),
  };
}

function* pointsOf(contours: readonly DataSet[]): Iterable<readonly number[]> {
  for (const contour of contours) {
    const numbers = decimals(contour, 'x30060050') ?? [];
    for (let n = 0; n + 2 < numbers.length; n += 3) yield [numbers[n]!, numbers[n + 1]!, numbers[n + 2]!];
  }
}

function withExtent(points: Iterable<readonly number[]>): Pick<SegmentationHeader, 'extentLpsMm'> {
  const [low, high] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ];
  for (const point of points) {
    if (!point.every(Number.isFinite)) continue;
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis]!, point[axis]!);
      high[axis] = Math.max(high[axis]!, point[axis]!);
    }
  }
  return low.every(Number.isFinite) ? { extentLpsMm: [low, high] } : {};
}

function numbersOf(dataSet: DataSet | undefined, tag: string, count: number): number[] | undefined {
  const numbers = dataSet && decimals(dataSet, tag);
  return numbers?.length === count && numbers.every(Number.isFinite) ? numbers : undefined;
}

const textOf = (dataSet: DataSet, tag: string): string => dataSet.string(tag)?.trim() ?? '';
const itemsOf = (dataSet: DataSet, tag: string): DataSet[] => (dataSet.elements[tag]?.items ?? []).flatMap(({ dataSet: item }) => (item ? [item] : []));
const distinct = (texts: readonly string[]): string[] => [...new Set(texts.filter((text) => text !== ''))];

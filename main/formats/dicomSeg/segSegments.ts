/** The segments of a segmentation object (Segment Sequence, PS3.3 C.8.20.2 and C.8.20.4). */
import type { DataSet } from 'dicom-parser';
import { SegmentCodes } from '../../contract/vocabulary.ts';
import { codeOf } from '../dicom/codeSequence.ts';
import { characterSetOf, dicomText } from '../dicom/dicomText.ts';
import { binaryOf, itemOf } from '../dicom/stack/functionalGroups.ts';
import type { ReadSegment } from '../segmentation/segmentation.ts';
import { rgbOfDicomLab, type Rgb } from './cieLab.ts';

const SEGMENTS = 'x00620002';
const LAB = 'x0062000d';

/** In the order of the object. Items without a number are counted from 1. */
export function segSegments(dataSet: DataSet): ReadSegment[] {
  const characterSet = characterSetOf(dataSet);
  const palette = paletteOf(dataSet);
  return (dataSet.elements[SEGMENTS]?.items ?? []).flatMap(({ dataSet: item }, index) => {
    if (!item) return [];
    const number = binaryOf(item, 'x00620004', 'US') ?? index + 1;
    const codes = codesOf(item, characterSet);
    const name = dicomText(item, 'x00620005', characterSet) || dicomText(item, 'x00620006', characterSet) || codes?.type.meaning || `Segment ${number}`;
    const colorRgb = labColor(item) ?? palette?.(number);
    return [{ number, name, ...(colorRgb ? { colorRgb } : {}), ...(codes ? { codes } : {}) }];
  });
}

function labColor(item: DataSet): Rgb | undefined {
  const element = item.elements[LAB];
  if (!element || element.length < 6 || element.dataOffset + 6 > item.byteArray.length) return undefined;
  return rgbOfDicomLab([0, 1, 2].map((index) => item.uint16(LAB, index) ?? 0));
}

function codesOf(item: DataSet, characterSet: readonly string[]): SegmentCodes | undefined {
  const typeItem = itemOf(item, 'x0062000f');
  const codes = SegmentCodes.safeParse({
    category: codeOf(itemOf(item, 'x00620003'), characterSet),
    type: codeOf(typeItem, characterSet),
    modifier: codeOf(itemOf(typeItem, 'x00620011'), characterSet),
  });
  return codes.success ? codes.data : undefined;
}

/** Of LABELMAP objects with PALETTE COLOR: the colour of a pixel value. */
function paletteOf(dataSet: DataSet): ((number: number) => Rgb | undefined) | undefined {
  const channels = ['1', '2', '3'].map((channel) => {
    const [table, descriptor] = [`x0028120${channel}`, `x0028110${channel}`];
    const element = dataSet.elements[table];
    const described = dataSet.elements[descriptor];
    if (!element || !described || described.length < 6) return undefined;
    const [count = 0, first = 0, bits = 16] = [0, 1, 2].map((index) => dataSet.uint16(descriptor, index));
    const entryBytes = bits === 8 && element.length < 2 * (count || 65_536) ? 1 : 2;
    const end = Math.min(element.dataOffset + element.length, dataSet.byteArray.length);
    return (number: number): number | undefined => {
      const at = element.dataOffset + (number - first) * entryBytes;
      if (number < first || at + entryBytes > end) return undefined;
      if (entryBytes === 1) return dataSet.byteArray[at];
      const value = dataSet.uint16(table, number - first);
      return value === undefined ? undefined : bits === 8 ? value : value >> 8;
    };
  });
  if (channels.some((channel) => !channel)) return undefined;
  return (number) => {
    const rgb = channels.map((channel) => channel!(number));
    return rgb.every((value) => value !== undefined) ? [rgb[0]!, rgb[1]!, rgb[2]!] : undefined;
  };
}

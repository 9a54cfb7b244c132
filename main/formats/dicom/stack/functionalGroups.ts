/** Reading values that belong to one frame, wherever the object keeps them, and never past the end of an element. */
import type { DataSet } from 'dicom-parser';

const PER_FRAME = 'x52009230';
const SHARED = 'x52009229';

/**
 * The data set that holds `sequence` of a frame (counted from 0; `null` for an image without groups per frame): its own
 * functional group, else the shared one, else the top level (PS3.3 C.7.6.16).
 */
export function functionalGroup(dataSet: DataSet, frame: number | null, sequence: string): DataSet {
  const own = frame === null ? undefined : itemOf(itemOf(dataSet, PER_FRAME, frame), sequence);
  return own ?? itemOf(itemOf(dataSet, SHARED), sequence) ?? dataSet;
}

/**
 * The data set that holds `tag`, an attribute of classic images, for a frame: objects converted from classic images keep
 * those without a functional group among the unassigned ones, of the frame or of all frames (PS3.3 C.7.6.16.2.25, .26).
 */
export function classicHolder(dataSet: DataSet, frame: number | null, tag: string): DataSet {
  const own = frame === null ? undefined : itemOf(itemOf(dataSet, PER_FRAME, frame), 'x00209171');
  const shared = itemOf(itemOf(dataSet, SHARED), 'x00209170');
  return [own, shared].find((holder) => holder && tag in holder.elements) ?? dataSet;
}

/** The full tag of element `xx` in the block that a vendor reserved in `group`, e.g. `('x0019', 'SIEMENS MR HEADER', '0c')`. */
export function privateTag(dataSet: DataSet, group: string, creator: string, element: string): string | undefined {
  // vendors take the first blocks; PS3.5 7.8.1 would allow up to ff
  for (let block = 0x10; block < 0x20; block++) {
    const hex = block.toString(16);
    if (textOf(dataSet, `${group}00${hex}`) === creator) return `${group}${hex}${element}`;
  }
  return undefined;
}

/** How many frames have functional groups of their own; 0 for classic images. */
export function groupedFrameCount(dataSet: DataSet): number {
  return dataSet.elements[PER_FRAME]?.items?.length ?? 0;
}

export function itemOf(dataSet: DataSet | undefined, sequence: string, index = 0): DataSet | undefined {
  return dataSet?.elements[sequence]?.items?.[index]?.dataSet;
}

/** A string without padding; '' when missing or empty. */
export function textOf(dataSet: DataSet, tag: string): string {
  return dataSet.string(tag)?.replace(/\0/g, '').trim() ?? '';
}

/** The first number of a DS or IS element. */
export function decimalOf(dataSet: DataSet, tag: string): number | undefined {
  const first = textOf(dataSet, tag).split('\\')[0]!.trim();
  return first === '' ? undefined : finite(Number(first));
}

const BINARY = {
  US: { bytes: 2, read: (dataSet: DataSet, tag: string) => dataSet.uint16(tag) },
  UL: { bytes: 4, read: (dataSet: DataSet, tag: string) => dataSet.uint32(tag) },
  FL: { bytes: 4, read: (dataSet: DataSet, tag: string) => dataSet.float(tag) },
  FD: { bytes: 8, read: (dataSet: DataSet, tag: string) => dataSet.double(tag) },
} as const;

/** The first number of a binary element whose type the standard fixes. */
export function binaryOf(dataSet: DataSet, tag: string, vr: keyof typeof BINARY): number | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length < BINARY[vr].bytes) return undefined;
  if (element.dataOffset + BINARY[vr].bytes > dataSet.byteArray.length) return undefined;
  return finite(BINARY[vr].read(dataSet, tag));
}

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** One image plane as its header describes it: all that is needed to sort a series into stacks, without pixels. */
import type { DataSet } from 'dicom-parser';
import { binaryOf, classicHolder, decimalOf, functionalGroup, groupedFrameCount, itemOf, privateTag, textOf } from './functionalGroups.ts';
import { framePlace, type FramePlace } from './frameFacts.ts';

export interface FrameHeader extends FramePlace {
  /** The same as `DicomSlice.key`: SOP instance UID, and `#` with the frame number (from 1) in multi-frame files. */
  readonly key: string;
  readonly rows: number;
  readonly columns: number;
  /** Positions of different frames of reference have nothing to do with each other. */
  readonly frameOfReferenceUid: string;
  /** Image Type (or Frame Type) with backslashes, and Complex Image Component where there is one. */
  readonly imageType: string;
  /** Diffusion b-value in s/mm². */
  readonly bValue?: number;
  /** Diffusion gradient as its three numbers in text, to three digits. */
  readonly gradient?: string;
  readonly echoNumber?: number;
  readonly echoTimeMs?: number;
  readonly inversionTimeMs?: number;
  readonly temporalIndex?: number;
  readonly triggerTimeMs?: number;
  readonly acquisitionNumber?: number;
  /** Of PET: centre of the time in which the counts were gathered. */
  readonly frameReferenceMs?: number;
  /** Date and time as the file writes them, so that they sort as text. */
  readonly acquisitionTime?: string;
  readonly contentTime?: string;
  readonly instanceNumber?: number;
}

/**
 * One header for each frame that can be told apart: of a file without functional groups per frame always one. `path`
 * stands for a missing SOP instance UID.
 */
export function readFrameHeaders(dataSet: DataSet, path: string): FrameHeader[] {
  const uid = textOf(dataSet, 'x00080018') || path;
  const frameCount = decimalOf(dataSet, 'x00280008') || 1;
  const groupedCount = Math.min(groupedFrameCount(dataSet), frameCount);
  if (groupedCount === 0) return [frameHeader(dataSet, null, uid)];
  return Array.from({ length: groupedCount }, (_, frame) => frameHeader(dataSet, frame, frameCount > 1 ? `${uid}#${frame + 1}` : uid));
}

function frameHeader(dataSet: DataSet, frame: number | null, key: string): FrameHeader {
  const group = (sequence: string) => functionalGroup(dataSet, frame, sequence);
  const classic = (tag: string) => classicHolder(dataSet, frame, tag);
  const decimal = (tag: string) => decimalOf(classic(tag), tag);
  const content = group('x00209111');
  return {
    key,
    rows: binaryOf(dataSet, 'x00280010', 'US') ?? 0,
    columns: binaryOf(dataSet, 'x00280011', 'US') ?? 0,
    frameOfReferenceUid: textOf(dataSet, 'x00200052'),
    ...framePlace(dataSet, frame),
    imageType: imageType(dataSet, group),
    ...diffusion(group('x00189117'), classic),
    echoNumber: decimal('x00180086'),
    echoTimeMs: binaryOf(group('x00189114'), 'x00189082', 'FD') ?? decimal('x00180081'),
    inversionTimeMs: decimal('x00180082'),
    temporalIndex: binaryOf(content, 'x00209128', 'UL') ?? decimal('x00200100'),
    triggerTimeMs: binaryOf(group('x00189118'), 'x00209153', 'FD') ?? decimal('x00181060'),
    acquisitionNumber: binaryOf(content, 'x00209156', 'US') ?? decimal('x00200012'),
    frameReferenceMs: decimal('x00541300'),
    acquisitionTime: textOf(content, 'x00189074') || textOf(dataSet, 'x0008002a') || timeOf(classic, 'x00080022', 'x00080032'),
    contentTime: textOf(content, 'x00189151') || timeOf(classic, 'x00080023', 'x00080033'),
    instanceNumber: frame === null ? decimal('x00200013') : frame + 1,
  };
}

type Holder = (tag: string) => DataSet;

function timeOf(classic: Holder, dateTag: string, timeTag: string): string | undefined {
  const time = textOf(classic(timeTag), timeTag);
  return time ? textOf(classic(dateTag), dateTag) + time : undefined;
}

function imageType(dataSet: DataSet, group: (sequence: string) => DataSet): string {
  // MR, CT, PET image frame type sequences (PS3.3 C.8.13.5.1, C.8.15.3.1, C.8.22.5.1)
  const frameTypes = ['x00189226', 'x00189329', 'x00189751'].map((sequence) => textOf(group(sequence), 'x00089007'));
  const type = frameTypes.find((text) => text !== '') ?? textOf(dataSet, 'x00080008');
  const component = textOf(group('x00189226'), 'x00089208');
  return component && !type.includes(component) ? `${type}\\${component}` : type;
}

/** Standard attributes, in the MR Diffusion group or at the top level, else those of the vendors. */
function diffusion(group: DataSet, classic: Holder): Pick<FrameHeader, 'bValue' | 'gradient'> {
  const direction = itemOf(group, 'x00189076') ?? group;
  const gradient = numbersOf(direction, 'x00189089')?.join('\\');
  return { bValue: binaryOf(group, 'x00189087', 'FD') ?? vendorBValue(classic), gradient };
}

function vendorBValue(classic: Holder): number | undefined {
  const element = (group: string, creator: string, last: string) => {
    const holder = classic(`${group}0010`);
    const tag = privateTag(holder, group, creator, last);
    return tag === undefined ? undefined : { holder, tag };
  };
  const siemens = element('x0019', 'SIEMENS MR HEADER', '0c');
  if (siemens) return decimalOf(siemens.holder, siemens.tag);
  const ge = element('x0043', 'GEMS_PARM_01', '39');
  // GE adds 10⁹ to b-values of some sequences
  if (ge) return modulo(decimalOf(ge.holder, ge.tag), 100_000);
  const philips = element('x2001', 'Philips Imaging DD 001', '03');
  return philips && binaryOf(philips.holder, philips.tag, 'FL');
}

const modulo = (value: number | undefined, by: number) => (value === undefined ? undefined : value % by);

function numbersOf(dataSet: DataSet, tag: string): number[] | undefined {
  const element = dataSet.elements[tag];
  if (!element || element.length < 24 || element.dataOffset + 24 > dataSet.byteArray.length) return undefined;
  // adding 0 makes -0 a 0
  return [0, 1, 2].map((index) => Number((dataSet.double(tag, index) ?? NaN).toFixed(3)) + 0);
}

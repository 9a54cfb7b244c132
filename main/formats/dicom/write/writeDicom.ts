/** A data set to a DICOM file (PS3.10): preamble, meta information, explicit VR little endian; text in UTF-8. dcmjs does the encoding. */
import dcmjs from 'dcmjs';
import { datasetOf } from './datasetOf.ts';
import type { DicomJson } from '../dicomReference.ts';

/** Of Maskloop; as PS3.7 D.3.3.2 wants one. */
const IMPLEMENTATION_CLASS_UID = '2.25.281682440909867580627297748765828500995';
const IMPLEMENTATION_VERSION = 'MASKLOOP';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
const UTF8 = 'ISO_IR 192';
const LARGEST_LENGTH = 0xffff_fffe;

export interface WrittenPixels {
  readonly vr: 'OB' | 'OW';
  readonly bytes: Uint8Array;
}

/**
 * `dataset` names its SOP class and instance. Pixels come apart from it, so that they are copied once; they are padded
 * to an even length. Throws when the pixels exceed 4 GiB, which no DICOM element can hold.
 */
export function writeDicom(dataset: DicomJson, pixels?: WrittenPixels): Uint8Array<ArrayBuffer> {
  const head = encoded(dataset, EXPLICIT_LITTLE_ENDIAN);
  return pixels ? withPixels(head, pixels) : head;
}

/** The same with implicit VR, for objects without pixels whose numbers may take more than the 64 KB of an explicit DS (PS3.5 section 7.1.2). */
export function writeImplicitDicom(dataset: DicomJson): Uint8Array<ArrayBuffer> {
  return encoded(dataset, IMPLICIT_LITTLE_ENDIAN);
}

function encoded(dataset: DicomJson, transferSyntaxUid: string): Uint8Array<ArrayBuffer> {
  const file = new dcmjs.data.DicomDict(
    datasetOf({
      FileMetaInformationVersion: Uint8Array.of(0, 1),
      MediaStorageSOPClassUID: textOf(dataset, '00080016'),
      MediaStorageSOPInstanceUID: textOf(dataset, '00080018'),
      TransferSyntaxUID: transferSyntaxUid,
      ImplementationClassUID: IMPLEMENTATION_CLASS_UID,
      ImplementationVersionName: IMPLEMENTATION_VERSION,
    }),
  );
  file.dict = { ...dataset, '00080005': { vr: 'CS', Value: [UTF8] } };
  return new Uint8Array(file.write());
}

function textOf(dataset: DicomJson, tag: string): string {
  const value = dataset[tag]?.Value?.[0];
  if (typeof value !== 'string') throw new Error(`the data set to write has no (${tag.slice(0, 4)},${tag.slice(4)})`);
  return value;
}

/** Pixel Data has the largest tag that is written, so it comes last. */
function withPixels(head: Uint8Array, { vr, bytes }: WrittenPixels): Uint8Array<ArrayBuffer> {
  const length = bytes.length + (bytes.length & 1);
  if (length > LARGEST_LENGTH) throw new Error(`${bytes.length} bytes of pixel data do not fit one DICOM file`);
  const file = new Uint8Array(head.length + 12 + length);
  file.set(head);
  const element = new DataView(file.buffer, head.length, 12);
  element.setUint16(0, 0x7fe0, true);
  element.setUint16(2, 0x0010, true);
  element.setUint8(4, vr.charCodeAt(0));
  element.setUint8(5, vr.charCodeAt(1));
  element.setUint32(8, length, true);
  file.set(bytes, head.length + 12);
  return file;
}

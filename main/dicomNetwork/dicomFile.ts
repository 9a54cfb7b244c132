/** The outside of a DICOM file (PS3.10 section 7.1): what is sent and received travels between its header and its end, untouched. */
import { openToRead, type ReadHandle } from '../vault/readSealed.ts';
import { sopUidsOf } from './objectIdentity.ts';

const PREAMBLE_BYTES = 132;
const IMPLEMENTATION_CLASS_UID = '2.25.147026374859182605839277103958463021';

export interface ObjectFacts {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
}

export interface DicomFileHead extends ObjectFacts {
  /** Where the data set begins. */
  readonly datasetOffsetBytes: number;
  readonly fileBytes: number;
}

/** Preamble and file meta information; `sourceAeTitle` is who sent the object. */
export function fileHeader({ sopClassUid, sopInstanceUid, transferSyntaxUid }: ObjectFacts, sourceAeTitle?: string): Buffer {
  const elements = [
    element(0x0001, 'OB', Buffer.from([0, 1])),
    element(0x0002, 'UI', text(sopClassUid, '\0')),
    element(0x0003, 'UI', text(sopInstanceUid, '\0')),
    element(0x0010, 'UI', text(transferSyntaxUid, '\0')),
    element(0x0012, 'UI', text(IMPLEMENTATION_CLASS_UID, '\0')),
    element(0x0013, 'SH', text('MASKLOOP', ' ')),
    ...(sourceAeTitle ? [element(0x0016, 'AE', text(sourceAeTitle, ' '))] : []),
  ];
  const group = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(group.length);
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  preamble.write('DICM', 128, 'latin1');
  return Buffer.concat([preamble, element(0x0000, 'UL', length), group]);
}

/** `null` for what is no DICOM file with a header that names its transfer syntax. Rejects with the errno error of the file system. */
export async function readDicomFileHead(path: string): Promise<DicomFileHead | null> {
  const file = await openToRead(path);
  try {
    return await readHead(file);
  } finally {
    await file.close();
  }
}

async function readHead(file: ReadHandle): Promise<DicomFileHead | null> {
  const { size: fileBytes } = await file.stat();
  const LARGEST_HEADER_BYTES = 64 * 1024;
  const bytes = Buffer.alloc(Math.min(fileBytes, LARGEST_HEADER_BYTES));
  await file.read(bytes, 0, bytes.length, 0);
  if (bytes.length < PREAMBLE_BYTES || bytes.toString('latin1', 128, 132) !== 'DICM') return null;
  const values = new Map<number, string>();
  let at = PREAMBLE_BYTES;
  while (at + 8 <= bytes.length && bytes.readUInt16LE(at) === 2) {
    const isLong = ['OB', 'OW', 'UN', 'UT', 'SQ'].includes(bytes.toString('latin1', at + 4, at + 6));
    if (isLong && at + 12 > bytes.length) return null;
    const start = at + (isLong ? 12 : 8);
    const length = isLong ? bytes.readUInt32LE(at + 8) : bytes.readUInt16LE(at + 6);
    if (start + length > bytes.length) return null;
    values.set(bytes.readUInt16LE(at + 2), trimmed(bytes.toString('latin1', start, start + length)));
    at = start + length;
  }
  const [sopClassUid, sopInstanceUid, transferSyntaxUid] = [values.get(2), values.get(3), values.get(0x10)];
  if (!transferSyntaxUid) return null;
  // Some writers leave them out here; the data set has them too.
  const uids = sopClassUid && sopInstanceUid ? { sopClassUid, sopInstanceUid } : sopUidsOf(bytes.subarray(at), transferSyntaxUid);
  return uids && { ...uids, transferSyntaxUid, datasetOffsetBytes: at, fileBytes };
}

const trimmed = (padded: string): string => padded.replace(/[\0 ]+$/, '');

function text(value: string, padding: string): Buffer {
  return Buffer.from(value.length % 2 === 0 ? value : value + padding, 'latin1');
}

function element(number: number, vr: string, value: Buffer): Buffer {
  const isLong = vr === 'OB';
  const head = Buffer.alloc(isLong ? 12 : 8);
  head.writeUInt16LE(0x0002, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (isLong) head.writeUInt32LE(value.length, 8);
  else head.writeUInt16LE(value.length, 6);
  return Buffer.concat([head, value]);
}

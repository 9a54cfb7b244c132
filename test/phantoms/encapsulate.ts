/** Test-only: replaces the pixel data at the end of a file by fragments (PS3.5 A.4). */
import { parseDicom } from '../../main/formats/dicom/parseDicom.ts';

/** `file`: explicit little-endian data set whose last element is the pixel data. The first item of `items` is the offset table. */
export function encapsulate(file: Uint8Array, items: readonly Uint8Array[], hasEnd = true): Uint8Array {
  const valueAt = parseDicom(file, 'phantom').dataSet.elements['x7fe00010']!.dataOffset;
  const head = file.slice(0, valueAt);
  head.fill(0xff, valueAt - 4, valueAt);
  return Uint8Array.from(Buffer.concat([head, ...items.map(item), ...(hasEnd ? [tag(0xe0dd, 0)] : [])]));
}

function item(bytes: Uint8Array): Buffer {
  const padded = bytes.length + (bytes.length % 2);
  return Buffer.concat([tag(0xe000, padded), bytes, Buffer.alloc(padded - bytes.length)]);
}

function tag(element: number, length: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0xfffe, 0);
  head.writeUInt16LE(element, 2);
  head.writeUInt32LE(length, 4);
  return head;
}

/** Offsets of 32 bits, or of 64 for the extended table. */
export function offsetTable(offsets: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(offsets).buffer);
}

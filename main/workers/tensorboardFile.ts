/**
 * TensorBoard's event file: TFRecords (length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes) of
 * `Event` messages (tensorflow/core/util/event.proto; field numbers are its).
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ProtoWriter } from '../compute/protobuf.ts';

const CASTAGNOLI = 0x82f63b78;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CASTAGNOLI : value >>> 1;
  return value >>> 0;
});

/** CRC-32C (RFC 3720 B.4), rotated and shifted as TFRecord wants it. */
function maskedCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function tfRecord(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedCrc32c(bytes), true);
  return record;
}

const event = (atMs: number, step: number): ProtoWriter => new ProtoWriter().double(1, atMs / 1000).int(2, step);

/** Scalars of one session of a run. A second session of the run makes a second file. */
export class TensorboardFile {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** `firstStep`: where this session begins; TensorBoard then forgets what an earlier one told from there on. */
  static async create(folder: string, firstStep: number, atMs: number): Promise<TensorboardFile> {
    await mkdir(folder, { recursive: true });
    const file = new TensorboardFile(
      join(folder, `events.out.tfevents.${String(Math.floor(atMs / 1000)).padStart(10, '0')}.${hostname()}.${process.pid}.${firstStep}`),
    );
    await file.#append(event(atMs, 0).text(3, 'brain.Event:2'));
    if (firstStep > 0) await file.#append(event(atMs, firstStep).message(7, new ProtoWriter().int(1, 1)));
    return file;
  }

  scalar(tag: string, step: number, value: number, atMs: number): Promise<void> {
    const summary = new ProtoWriter().message(1, new ProtoWriter().text(1, tag).float(2, value));
    return this.#append(event(atMs, step).message(5, summary));
  }

  #append(message: ProtoWriter): Promise<void> {
    return appendFile(this.#path, tfRecord(message.finish()));
  }
}

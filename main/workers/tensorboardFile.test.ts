import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TensorboardFile } from './tensorboardFile.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'maskloop-tensorboard-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** CRC-32C bit by bit from its polynomial (RFC 3720), written apart from the code under test. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return Number(crc ^ 0xffffffffn);
}
const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(crc32c(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
};

function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const bytes = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(bytes));
    found.push(bytes);
    at += 16 + length;
  }
  return found;
}

type Field = readonly [field: number, value: number | Buffer];
/** Protobuf wire format: varint, 64-bit (double), length-delimited, 32-bit (float). */
function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) found.push([tag >> 3, varint()]);
    else if (kind === 1) found.push([tag >> 3, bytes.readDoubleLE((at += 8) - 8)]);
    else if (kind === 5) found.push([tag >> 3, bytes.readFloatLE((at += 4) - 4)]);
    else {
      const length = varint();
      found.push([tag >> 3, bytes.subarray(at, (at += length))]);
    }
  }
  return found;
}
const nested = (message: Buffer, field: number): Buffer => fields(message).find(([name]) => name === field)![1] as Buffer;

describe('TensorBoard event file', () => {
  it('knows the check value of CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('is TFRecords of events: version first, then scalars', async () => {
    const file = await TensorboardFile.create(folder, 0, 1_700_000_000_500);
    await file.scalar('trainLoss', 300, 0.25, 1_700_000_001_000);
    await file.scalar('valDice/lesion', 70_000, -1.5, 1_700_000_002_000);
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^events\.out\.tfevents\.1700000000\./);
    const [version, first, second, ...more] = records(readFileSync(join(folder, name!)));
    expect(more).toEqual([]);
    expect(fields(version!)[0]).toEqual([1, 1_700_000_000.5]);
    expect(nested(version!, 3).toString()).toBe('brain.Event:2');
    for (const [record, tag, step, value] of [
      [first!, 'trainLoss', 300, 0.25],
      [second!, 'valDice/lesion', 70_000, -1.5],
    ] as const) {
      expect(fields(record)).toContainEqual([2, step]);
      const scalar = nested(nested(record, 5), 1);
      expect(nested(scalar, 1).toString()).toBe(tag);
      expect(fields(scalar)).toContainEqual([2, value]);
    }
  });

  it('a later session has a file of its own that says where it starts', async () => {
    await TensorboardFile.create(folder, 0, 1_700_000_000_000);
    await TensorboardFile.create(folder, 40, 1_700_000_009_000);
    const [, later] = readdirSync(folder).sort();
    const [, start] = records(readFileSync(join(folder, later!)));
    expect(fields(start!)).toContainEqual([2, 40]);
    expect(fields(nested(start!, 7))).toEqual([[1, 1]]);
  });
});

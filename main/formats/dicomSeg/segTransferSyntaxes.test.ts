/** Segmentation objects that dcmtk and pydicom encode anew: every transfer syntax gives the same masks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { digestedMasks } from '../../../test/reference/dicomSegPython.ts';
import { programPath } from '../../../test/reference/program.ts';
import type { AppException } from '../../contract/errors.ts';
import type { Grid, Segment } from '../../contract/vocabulary.ts';
import { createPixelCodecs } from '../dicom/pixels/pixelCodecs.ts';
import { readDicomSeg } from './readDicomSeg.ts';
import { writeDicomSeg } from './writeDicomSeg.ts';

const dcmconv = programPath('dcmconv');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-seg-'));
afterAll(() => rmSync(folder, { recursive: true }));

const codecs = async () =>
  createPixelCodecs(await WebAssembly.compile(readFileSync(createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm'))));
const read = (path: string) => readDicomSeg(readFileSync(path), path, { codecs, inflate: (bytes) => inflateRawSync(bytes) });

const DIMS = [75, 67, 3] as const;
const GRID = { dimsIjk: DIMS, spacingMm: [1, 1, 2], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as unknown as Grid;
const labelled = (values: readonly number[]) =>
  Uint16Array.from({ length: 75 * 67 * 3 }, (_, n) => (n % 75 > 30 && n % 7 > 2 ? values[Math.floor(n / 3000) % values.length]! : 0));

function written(name: string, type: 'BINARY' | 'LABELMAP', values: readonly number[]): string {
  const segments = values.map((labelValue): Segment => ({ labelValue, name: `s${labelValue}`, colorRgb: [200, 100, 50] }));
  const path = join(folder, `${name}.dcm`);
  const provenance = { softwareVersion: '0', origin: 'manual' as const, models: [], author: '', savedAtMs: 0, accepted: null };
  let byte = 0;
  const random = (count: number) => Uint8Array.from({ length: count }, () => byte++);
  writeFileSync(path, writeDicomSeg({ type, grid: GRID, labels: labelled(values), segments, subject: 'x', provenance, nowMs: 0, random }));
  return path;
}
const SOURCES = { binary: written('binary', 'BINARY', [1, 2]), bytes: written('bytes', 'LABELMAP', [1, 2]), words: written('words', 'LABELMAP', [1, 700]) };
const originals = new Map(await Promise.all(Object.values(SOURCES).map(async (path) => [path, digestedMasks(await read(path))] as const)));

describe.skipIf(!dcmconv)(`encoded anew by dcmtk${dcmconv ? '' : ' (skipped: dcmconv is not here)'}`, () => {
  it.each(Object.entries(SOURCES).flatMap(([name, path]) => ['+ti', '+tb', '+td'].map((syntax) => [name, syntax, path] as const)))(
    '%s %s',
    async (name, syntax, path) => {
      const target = join(folder, `${name}${syntax}.dcm`);
      execFileSync(dcmconv!, [syntax, path, target]);
      expect(digestedMasks(await read(target))).toEqual(originals.get(path));
    },
  );
});

describe.skipIf(!hasDicomPython)(`compressed by pydicom${dicomPythonNotice}`, () => {
  it('RLE, JPEG-LS and JPEG 2000 give the same masks', async () => {
    const made = askPython<[string, string][]>(COMPRESS, folder, SOURCES.bytes, SOURCES.words);
    expect(made).toHaveLength(6);
    for (const [source, path] of made) expect(digestedMasks(await read(path)), path).toEqual(originals.get(source));
  });
});

it('pixels that do not fit their transfer syntax are refused', async () => {
  const other = withTransferSyntax(readFileSync(SOURCES.bytes), '1.2.840.10008.1.2.4.90');
  const thrown: unknown = await readDicomSeg(other, 'x.dcm').catch((error: unknown) => error);
  expect((thrown as AppException).error).toMatchObject({
    code: 'import/unreadable',
    detail: expect.stringContaining('do not fit the transfer syntax JPEG 2000'),
  });
});

describe('run lengths of packed bits', () => {
  const native = readFileSync(SOURCES.binary);
  const pixels = native.indexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  const frameBits = 75 * 67;

  /** One frame as literal runs behind its header, each frame starting at a byte of its own. */
  function rleFrame(frame: number): Buffer {
    const bits = Array.from(
      { length: frameBits },
      (_, n) => (native[pixels + 12 + Math.floor((frame * frameBits + n) / 8)]! >> ((frame * frameBits + n) % 8)) & 1,
    );
    const bytes = Buffer.alloc(Math.ceil(frameBits / 8));
    bits.forEach((bit, n) => (bytes[n >> 3]! |= bit << (n & 7)));
    const header = Buffer.alloc(64);
    header.writeUInt32LE(1, 0);
    header.writeUInt32LE(64, 4);
    const runs = Array.from({ length: Math.ceil(bytes.length / 128) }, (_, run) => bytes.subarray(run * 128, (run + 1) * 128));
    const body = Buffer.concat([header, ...runs.flatMap((run) => [Buffer.from([run.length - 1]), run])]);
    return body.length % 2 === 0 ? body : Buffer.concat([body, Buffer.alloc(1)]);
  }
  const item = (bytes: Uint8Array) => Buffer.concat([Buffer.from([0xfe, 0xff, 0x00, 0xe0, ...new Uint8Array(Uint32Array.of(bytes.length).buffer)]), bytes]);
  const file = (frames: readonly Uint8Array[]) =>
    Buffer.concat([
      withTransferSyntax(native.subarray(0, pixels), '1.2.840.10008.1.2.5'),
      Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]),
      item(Buffer.alloc(0)),
      ...frames.map(item),
      Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
    ]);
  const frameCount = Math.floor(((native.length - pixels - 12) * 8) / frameBits);

  it('give the same masks', async () => {
    const frames = Array.from({ length: frameCount }, (_, frame) => rleFrame(frame));
    expect(digestedMasks(await readDicomSeg(file(frames), 'x.dcm'))).toEqual(originals.get(SOURCES.binary));
  });

  it('too few of them are refused before anything is unpacked', async () => {
    const thrown: unknown = await readDicomSeg(file(Array.from({ length: frameCount }, () => new Uint8Array(8))), 'x.dcm').catch((error: unknown) => error);
    expect((thrown as AppException).error).toMatchObject({ code: 'import/unreadable', detail: '8 bytes cannot be 629 pixels' });
  });
});

/** The same file with another UID in its meta group, whose length nobody here looks at. */
function withTransferSyntax(bytes: Buffer, uid: string): Buffer {
  const at = bytes.indexOf('1.2.840.10008.1.2.1\0');
  expect(at).toBeGreaterThan(0);
  const padded = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`);
  return Buffer.concat([bytes.subarray(0, at - 2), Buffer.from([padded.length, 0]), padded, bytes.subarray(at + 20)]);
}

const COMPRESS = `
import sys, json, pydicom
from pydicom.uid import RLELossless, JPEGLSLossless, JPEG2000Lossless
folder, *sources = sys.argv[1:]
made = []
for n, source in enumerate(sources):
    for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
        dataset = pydicom.dcmread(source)
        dataset.compress(syntax, generate_instance_uid=False)
        path = f"{folder}/{n}-{syntax}.dcm"
        dataset.save_as(path)
        made.append([source, path])
print(json.dumps(made))
`;

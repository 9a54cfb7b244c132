/** Damaged DICOM files, seeded: each is read or refused with an import error, in bounded time and memory. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { encapsulate, offsetTable } from '../../../test/phantoms/encapsulate.ts';
import { codecWasm, encodeFrame } from '../../../test/phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../../../test/phantoms/writeDicomSeries.ts';
import { AppException } from '../../contract/errors.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { seededRandom } from '../../imaging/phantom.ts';
import { readDicomSummary } from './dicomSummary.ts';
import { parseDicom, type Inflate } from './parseDicom.ts';
import { createPixelCodecs } from './pixels/pixelCodecs.ts';
import { readDicomSlices } from './readDicomSlices.ts';
import { stackDicomSlices } from './stack/stackDicomSlices.ts';
import { DEFLATED } from './pixels/transferSyntax.ts';

const MOST_MS = 5000;
const MOST_BYTES = 2 ** 31;
const [COLUMNS, ROWS] = [36, 40];
const grid = gridFromAffine([COLUMNS, ROWS, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: COLUMNS * ROWS }, (_, n) => Math.round(900 * Math.sin(n / 13) + n / 50));
const inflate: Inflate = (deflated) => inflateRawSync(deflated, { maxOutputLength: 2 ** 29 });
const codecs = createPixelCodecs(codecWasm);

function native(declaredSyntax?: string, transferSyntax?: 'implicitLittle' | 'explicitBig'): Uint8Array {
  return writeDicomSeries(grid, voxels, { ...(declaredSyntax ? { declaredSyntax } : {}), ...(transferSyntax ? { transferSyntax } : {}) })[0]!;
}

function compressed(syntax: string, codec: 'jpeg' | 'jpegLs' | 'jpeg2000' | 'htj2k'): Uint8Array {
  const isSigned = codec === 'jpeg2000' || codec === 'htj2k';
  const codestream = encodeFrame(codec, isSigned ? voxels : new Uint16Array(voxels.buffer), { rows: ROWS, columns: COLUMNS, bits: 16, isSigned });
  return encapsulate(native(`1.2.840.10008.1.2.4.${syntax}`), [offsetTable([0]), codestream]);
}

function deflated(): Uint8Array {
  const file = native();
  const dataAt = parseDicom(file, 'seed').dataSet.elements['x00080016']!.dataOffset - 8;
  const declared = native(DEFLATED);
  const head = declared.subarray(0, declared.length - (file.length - dataAt));
  return Uint8Array.from([...head, ...deflateRawSync(file.subarray(dataAt))]);
}

function rle(): Uint8Array {
  const header = new Uint8Array(new Uint32Array([2, 64, 64 + Math.ceil(voxels.length / 128) * 129, ...new Array<number>(13).fill(0)]).buffer);
  const plane = (shift: number) =>
    Array.from({ length: Math.ceil(voxels.length / 128) }, (_, run) => [
      127,
      ...Array.from({ length: 128 }, (_, n) => ((voxels[run * 128 + n] ?? 0) >> shift) & 255),
    ]).flat();
  return encapsulate(native('1.2.840.10008.1.2.5'), [new Uint8Array(0), Uint8Array.from([...header, ...plane(8), ...plane(0)])]);
}

const SEEDS: readonly (readonly [string, number, () => Uint8Array])[] = [
  ['explicit', 2500, () => native()],
  ['implicit', 2500, () => native(undefined, 'implicitLittle')],
  ['big-endian', 1500, () => native(undefined, 'explicitBig')],
  ['deflated', 1500, deflated],
  ['RLE', 1600, rle],
  ['JPEG lossless', 100, () => compressed('70', 'jpeg')],
  ['JPEG-LS', 100, () => compressed('80', 'jpegLs')],
  ['JPEG 2000', 100, () => compressed('90', 'jpeg2000')],
  ['High-Throughput JPEG 2000', 100, () => compressed('201', 'htj2k')],
];

/** One to four small damages, most of them in the head, or the loss of an end. */
function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = (limit: number) => Math.floor(random() * limit);
  if (random() < 0.1) return copy.subarray(0, at(copy.length));
  for (let n = at(4); n >= 0; n--) {
    const place = at(random() < 0.7 ? 800 : copy.length);
    const kind = random();
    if (kind < 0.5) copy[place] = at(256);
    else if (kind < 0.8) copy[place]! ^= 1 << at(8);
    else copy.fill(kind < 0.9 ? 255 : 0, place, place + 1 + at(4));
  }
  return copy;
}

it.each(SEEDS)(
  '%s: %i damaged files',
  (_, rounds, seed) => {
    const bytes = seed();
    expect(readDicomSlices(bytes, 'a.dcm', inflate, codecs)[0]!.stored).toEqual(voxels);
    const random = seededRandom(rounds);
    let slowestMs = 0;
    let mostBytes = 0;
    for (let round = 0; round < rounds; round++) {
      const file = damaged(bytes, random);
      const start = performance.now();
      for (const read of [
        () => parseDicom(file, 'a.dcm', inflate),
        () => readDicomSummary(file, 'a.dcm', inflate),
        () => stackDicomSlices(readDicomSlices(file, 'a.dcm', inflate, codecs), 'a.dcm'),
      ]) {
        try {
          read();
        } catch (thrown) {
          if (!(thrown instanceof AppException)) throw new Error(`round ${round}`, { cause: thrown });
          expect(thrown.error.code, `round ${round}`).toMatch(/^import\//);
        }
      }
      slowestMs = Math.max(slowestMs, performance.now() - start);
      mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
    }
    expect(slowestMs).toBeLessThan(MOST_MS);
    expect(mostBytes).toBeLessThan(MOST_BYTES);
  },
  60_000,
);

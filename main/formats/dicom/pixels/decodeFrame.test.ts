import { beforeAll, describe, expect, it } from 'vitest';
import { codecWasm, encodeFrame } from '../../../../test/phantoms/encodeFrame.ts';
import { errorOf } from '../../../contract/testing/errorOf.ts';
import { decodeFrame, type EncodedFrame } from './decodeFrame.ts';
import { createPixelCodecs, type CodecName, type PixelCodecs } from './pixelCodecs.ts';
import type { PixelLayout } from './pixelLayout.ts';

const ROWS = 45;
const COLUMNS = 37;
const CODECS: readonly CodecName[] = ['jpeg', 'jpegLs', 'jpeg2000', 'htj2k'];
let codecs: PixelCodecs;
beforeAll(() => (codecs = createPixelCodecs(codecWasm)));

const layoutOf = (bits: number, isSigned = false, allocatedBits = bits <= 8 ? 8 : 16): PixelLayout => ({
  rows: ROWS,
  columns: COLUMNS,
  allocatedBits,
  storedBits: bits,
  highBit: bits - 1,
  isSigned,
});
const frameOf = (encoding: EncodedFrame['encoding'], bytes: Uint8Array, layout: PixelLayout): EncodedFrame => ({
  encoding,
  bytes,
  layout,
  isBigEndian: false,
  path: 'a.dcm',
});

/** Waves over the whole range of values, both ends included. */
function wave(bits: number, isSigned: boolean): number[] {
  const lowest = isSigned ? -(2 ** (bits - 1)) : 0;
  const range = 2 ** bits - 1;
  return Array.from(
    { length: ROWS * COLUMNS },
    (_, n) => lowest + (n === 0 ? 0 : n === 1 ? range : Math.round(range * (0.5 + 0.3 * Math.sin(n / 9) + 0.2 * Math.sin(n * n)))),
  );
}

describe('decoding of a frame', () => {
  it.each(CODECS.flatMap((codec) => [8, 12, 16].map((bits) => [codec, bits] as const)))('%s, %i bits, unsigned', (codec, bits) => {
    const pixels = bits === 8 ? Uint8Array.from(wave(bits, false)) : Uint16Array.from(wave(bits, false));
    const bytes = encodeFrame(codec, pixels, { rows: ROWS, columns: COLUMNS, bits });
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(bits)), codecs)).toEqual(pixels);
  });

  it.each([
    ['jpeg2000', 12],
    ['jpeg2000', 16],
    ['htj2k', 8],
    ['htj2k', 12],
    ['htj2k', 16],
  ] as const)('%s, %i bits, signed', (codec, bits) => {
    const pixels = bits === 8 ? Int8Array.from(wave(bits, true)) : Int16Array.from(wave(bits, true));
    const bytes = encodeFrame(codec, pixels, { rows: ROWS, columns: COLUMNS, bits, isSigned: true });
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(bits, true)), codecs)).toEqual(pixels);
    // the codestream knows better than a header without signs
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(bits, false)), codecs)).toEqual(pixels);
  });

  it.each(CODECS)('%s: a signed header over an unsigned codestream', (codec) => {
    const truth = Int16Array.from(wave(12, true));
    const bytes = encodeFrame(
      codec,
      Uint16Array.from(truth, (value) => value & 0xfff),
      { rows: ROWS, columns: COLUMNS, bits: 12 },
    );
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(12, true)), codecs)).toEqual(truth);
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(12, true, 32)), codecs)).toEqual(Int32Array.from(truth));
  });

  it.each(CODECS)('%s: 8 bits in cells of 16', (codec) => {
    const pixels = Uint8Array.from(wave(8, false));
    const bytes = encodeFrame(codec, pixels, { rows: ROWS, columns: COLUMNS, bits: 8 });
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(8, false, 16)), codecs)).toEqual(Uint16Array.from(pixels));
  });

  it.each(CODECS)('%s: a cut codestream is refused, and the next frame decodes', (codec) => {
    const pixels = Uint16Array.from(wave(12, false));
    const bytes = encodeFrame(codec, pixels, { rows: ROWS, columns: COLUMNS, bits: 12 });
    for (const part of [0, 0.01, 0.1, 0.5, 0.9, 0.98]) {
      const cut = bytes.subarray(0, Math.floor(bytes.length * part));
      expect(
        errorOf(() => decodeFrame(frameOf(codec, cut, layoutOf(12)), codecs)),
        `${part}`,
      ).toMatchObject({ code: 'import/unreadable', path: 'a.dcm' });
    }
    expect(decodeFrame(frameOf(codec, bytes, layoutOf(12)), codecs)).toEqual(pixels);
  });

  it.each(CODECS)('%s: a codestream that contradicts the header is refused before it is decoded', (codec) => {
    const bytes = encodeFrame(codec, Uint16Array.from(wave(12, false)), { rows: ROWS, columns: COLUMNS, bits: 12 });
    const detailFor = (layout: PixelLayout) => errorOf(() => decodeFrame(frameOf(codec, bytes, layout), codecs));
    expect(detailFor({ ...layoutOf(12), rows: ROWS + 1 })).toMatchObject({
      code: 'import/unreadable',
      detail: 'the codestream has 37 × 45 pixels, the header 37 × 46',
    });
    expect(detailFor(layoutOf(8))).toMatchObject({
      code: 'import/unreadable',
      detail: expect.stringMatching(/^the codestream has 1[26] bits for each pixel, the header allocates 8$/),
    });
  });

  it('says what is missing when there is no codec', () => {
    const bytes = encodeFrame('jpegLs', Uint16Array.from(wave(12, false)), { rows: ROWS, columns: COLUMNS, bits: 12 });
    expect(errorOf(() => decodeFrame(frameOf('jpegLs', bytes, layoutOf(12))))).toMatchObject({ code: 'import/unsupported' });
  });

  it.each(CODECS)(
    '%s: damaged bytes end in pixels or in an import error, soon',
    (codec) => {
      const bytes = encodeFrame(codec, Uint16Array.from(wave(12, false)), { rows: ROWS, columns: COLUMNS, bits: 12 });
      let state = 1;
      const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
      let slowestMs = 0;
      for (let round = 0; round < 60; round++) {
        const damaged = bytes.slice();
        for (let n = 0; n <= round % 4; n++) damaged[random(round % 2 ? 120 : damaged.length)] = random(256);
        const start = performance.now();
        const error = errorOf(() => decodeFrame(frameOf(codec, damaged, layoutOf(12)), codecs));
        slowestMs = Math.max(slowestMs, performance.now() - start);
        if (error !== undefined) expect(error).toMatchObject({ code: expect.stringMatching(/^import\//) });
      }
      expect(slowestMs).toBeLessThan(5000);
    },
    20_000,
  );
});

describe('cells as they are', () => {
  it('big-endian cells of 32 bits', () => {
    const bytes = new Uint8Array([0x12, 0x34, 0x56, 0x78, 0xff, 0xff, 0xff, 0xfe]);
    const layout = { rows: 1, columns: 2, allocatedBits: 32, storedBits: 32, highBit: 31, isSigned: true };
    expect(decodeFrame({ ...frameOf('native', bytes, layout), isBigEndian: true })).toEqual(Int32Array.of(0x12345678, -2));
    expect(decodeFrame({ ...frameOf('native', bytes, { ...layout, isSigned: false }), isBigEndian: true })).toEqual(Uint32Array.of(0x12345678, 0xfffffffe));
  });

  it('spare bits below and above the stored ones', () => {
    const layout = { rows: 1, columns: 2, allocatedBits: 16, storedBits: 10, highBit: 13, isSigned: true };
    // sssttttttttttuuuu with rubbish in s and u
    const bytes = new Uint8Array(Uint16Array.of(0x8000 | (0x3ff << 4) | 5, 0x4000 | (0x1ff << 4) | 15).buffer);
    expect(decodeFrame(frameOf('native', bytes, layout))).toEqual(Int16Array.of(-1, 511));
    expect(decodeFrame(frameOf('native', bytes, { ...layout, isSigned: false }))).toEqual(Uint16Array.of(1023, 511));
  });

  it('an odd place in the file, without touching the file', () => {
    // a Buffer, as files are read into; its `slice` would share the memory
    const file = Buffer.of(9, 0x34, 0xf2, 9);
    const layout = { rows: 1, columns: 1, allocatedBits: 16, storedBits: 12, highBit: 11, isSigned: false };
    expect(decodeFrame(frameOf('native', file.subarray(1, 3), layout))).toEqual(Uint16Array.of(0x234));
    expect(decodeFrame({ ...frameOf('native', file.subarray(1, 3), layout), isBigEndian: true })).toEqual(Uint16Array.of(0x4f2));
    expect([...file]).toEqual([9, 0x34, 0xf2, 9]);
  });
});

describe('RLE', () => {
  const layout = { rows: 1, columns: 6, allocatedBits: 16, storedBits: 16, highBit: 15, isSigned: false };
  const rle = (...segments: number[][]) => {
    const header = new Uint32Array(16);
    header[0] = segments.length;
    segments.forEach((_, n) => (header[n + 1] = 64 + segments.slice(0, n).flat().length));
    return Uint8Array.from([...new Uint8Array(header.buffer), ...segments.flat()]);
  };
  const detailOf = (bytes: Uint8Array) => (errorOf(() => decodeFrame(frameOf('rle', bytes, layout))) as { detail: string }).detail;

  it('literal and repeated runs, the control byte that does nothing, padding at the end', () => {
    const bytes = rle([251, 1, 0], [128, 2, 10, 11, 12, 254, 7, 0]);
    expect(decodeFrame(frameOf('rle', bytes, layout))).toEqual(Uint16Array.of(0x10a, 0x10b, 0x10c, 0x107, 0x107, 0x107));
  });

  it('refuses what is not all there', () => {
    expect(detailOf(new Uint8Array(20))).toContain('20 bytes, no header');
    expect(detailOf(rle([251, 1]))).toContain('1 segments for pixels of 2 bytes');
    expect(detailOf(rle([251, 1, 0], [2, 10, 11]))).toContain('segment 2 ends after 2 of 6 pixels');
    expect(detailOf(rle([251, 1, 0], [251, 1]).subarray(0, 66))).toContain('segment 1 lies outside the frame');
  });
});

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import { readDicomSummary } from './dicomSummary.ts';
import { parseDicom } from './parseDicom.ts';
import { readDicomSlices } from './readDicomSlices.ts';

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));
const u16 = (value: number) => [value & 255, value >> 8];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const tag = (number: number) => [...u16(number >>> 16), ...u16(number & 0xffff)];
const short = (number: number, vr: string, value: number[]) => [...tag(number), ...ascii(vr), ...u16(value.length), ...value];
const long = (number: number, vr: string, value: number[], length = value.length) => [...tag(number), ...ascii(vr), 0, 0, ...u32(length), ...value];
const implicit = (number: number, value: number[], length = value.length) => [...tag(number), ...u32(length), ...value];
const item = (value: number[]) => [...tag(0xfffee000), ...u32(value.length), ...value];
const openItem = (value: number[]) => [...tag(0xfffee000), ...u32(0xffffffff), ...value, ...tag(0xfffee00d), ...u32(0)];
const END = [...tag(0xfffee0dd), ...u32(0)];
const UNDEFINED = 0xffffffff;

const ROWS = short(0x00280010, 'US', u16(512));
const FIRST = short(0x00080018, 'UI', ascii('1.2'));
const preamble = [...new Array<number>(128).fill(0), ...ascii('DICM')];
const metaOf = (syntax: string) => short(0x00020010, 'UI', ascii(syntax.length % 2 ? `${syntax}\0` : syntax));
const file = (syntax: string | null, ...elements: number[][]) => Uint8Array.from([...preamble, ...(syntax ? metaOf(syntax) : []), ...elements.flat()]);
const EXPLICIT = '1.2.840.10008.1.2.1';
const IMPLICIT = '1.2.840.10008.1.2';
const parse = (bytes: Uint8Array) => parseDicom(bytes, 'a.dcm', (deflated) => inflateRawSync(deflated, { maxOutputLength: 2 ** 20 }));

function detailOf(bytes: Uint8Array): string {
  try {
    parse(bytes);
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'import/unreadable') return thrown.error.detail;
    throw thrown;
  }
  return 'no error';
}

describe('parsing of DICOM', () => {
  it('64-bit representations have a length of 32 bits', () => {
    const { dataSet } = parse(file(EXPLICIT, FIRST, long(0x7fe00001, 'OV', new Array<number>(16).fill(1)), long(0x7fe00010, 'OB', [], UNDEFINED)));
    expect(dataSet.elements['x7fe00001']).toMatchObject({ length: 16, vr: 'OV' });
    expect(dataSet.elements['x7fe00010']).toMatchObject({ hadUndefinedLength: true });
  });

  it.each([
    ['explicit elements declared implicit', IMPLICIT, [FIRST, ROWS], EXPLICIT],
    ['implicit elements declared explicit', EXPLICIT, [implicit(0x00080018, ascii('1.20')), implicit(0x00280010, u16(512))], IMPLICIT],
    ['explicit elements, nothing declared', null, [FIRST, ROWS], EXPLICIT],
    ['implicit elements, nothing declared', null, [implicit(0x00080018, ascii('1.20')), implicit(0x00280010, u16(512))], IMPLICIT],
  ] as const)('%s', (_, declared, elements, actual) => {
    const { dataSet, transferSyntaxUid } = parse(file(declared, ...elements.map((element) => [...element])));
    expect(transferSyntaxUid).toBe(actual);
    expect(dataSet.uint16('x00280010')).toBe(512);
  });

  it('sequences of either length, in UN, in implicit data sets, and private bytes that only look like one', () => {
    const inner = short(0x00080100, 'SH', ascii('AB'));
    const innerImplicit = implicit(0x00080100, ascii('AB'));
    const codes = (bytes: Uint8Array) => parse(bytes).dataSet.elements['x00081140']?.items?.map(({ dataSet }) => dataSet?.string('x00080100'));
    expect(codes(file(EXPLICIT, FIRST, long(0x00081140, 'SQ', [...item(inner), ...item(inner)]), ROWS))).toEqual(['AB', 'AB']);
    expect(codes(file(EXPLICIT, FIRST, long(0x00081140, 'SQ', [...openItem(inner), ...item(inner), ...END], UNDEFINED), ROWS))).toEqual(['AB', 'AB']);
    expect(codes(file(EXPLICIT, FIRST, long(0x00081140, 'UN', [...item(innerImplicit), ...END], UNDEFINED), ROWS))).toEqual(['AB']);
    expect(codes(file(EXPLICIT, FIRST, long(0x00081140, 'UN', item(innerImplicit)), ROWS))).toEqual(['AB']);
    expect(codes(file(IMPLICIT, implicit(0x00080018, ascii('1.20')), implicit(0x00081140, item(innerImplicit))))).toEqual(['AB']);
    const { dataSet } = parse(
      file(IMPLICIT, implicit(0x00080018, ascii('1.20')), implicit(0x00091001, [...tag(0xfffee000), ...u32(4000)]), implicit(0x00280010, u16(7))),
    );
    expect(dataSet.elements['x00091001']?.items).toBeUndefined();
    expect(dataSet.uint16('x00280010')).toBe(7);
  });

  it('refuses lengths beyond the bytes that are there', () => {
    expect(detailOf(file(EXPLICIT, FIRST, long(0x00091001, 'OB', [1, 2], 0xfffffff0)))).toContain(
      'element (0009,1001) declares 4294967280 bytes where 2 are left',
    );
    expect(detailOf(file(EXPLICIT, FIRST, long(0x00081140, 'SQ', [...tag(0xfffee000), ...u32(100), 1, 2])))).toContain(
      'an item declares 100 bytes where 2 are left',
    );
    expect(detailOf(file(EXPLICIT, FIRST, long(0x00081140, 'SQ', openItem(ROWS), UNDEFINED)))).toContain('sequence (0008,1140) has no end');
    expect(detailOf(file(EXPLICIT, FIRST, [1, 2, 3]))).toContain('3 bytes that are no element');
  });

  it('refuses sequences nested without end, in a moment', () => {
    const depth = 20_000;
    const head = long(0x00081140, 'SQ', [...tag(0xfffee000), ...u32(UNDEFINED)], UNDEFINED);
    const nested = Uint8Array.from([...preamble, ...metaOf(EXPLICIT), ...FIRST, ...Array.from({ length: depth }, () => head).flat()]);
    expect(detailOf(nested)).toContain('sequences nested deeper than 64');
  });

  it('refuses millions of empty elements before they fill the memory', () => {
    const element = Uint8Array.from(short(0x00091001, 'CS', []));
    const many = new Uint8Array(132 + 3_000_100 * element.length);
    many.set(preamble);
    many.set(FIRST, 132);
    for (let at = 132 + FIRST.length; at + element.length <= many.length; at += element.length) many.set(element, at);
    expect(detailOf(many)).toContain('more than 3000000 elements');
  }, 20_000);

  it('deflated data sets, and a bomb', () => {
    const deflated = (elements: number[] | Uint8Array) =>
      Uint8Array.from([...preamble, ...metaOf('1.2.840.10008.1.2.1.99'), ...deflateRawSync(Uint8Array.from(elements))]);
    const { dataSet, transferSyntaxUid } = parse(deflated([...FIRST, ...ROWS]));
    expect(dataSet.uint16('x00280010')).toBe(512);
    expect(transferSyntaxUid).toBe('1.2.840.10008.1.2.1.99');
    expect(detailOf(deflated(new Uint8Array(2 ** 22)))).toMatch(/^damaged DICOM file \(deflated data set: /);
    expect(detailOf(Uint8Array.from([...preamble, ...metaOf('1.2.840.10008.1.2.1.99'), 0xff, 0xff, 0xff]))).toMatch(
      /^damaged DICOM file \(deflated data set: /,
    );
  });

  it('names floating-point pixels, and counts of frames that cannot be', () => {
    const square = [short(0x00280010, 'US', u16(1)), short(0x00280011, 'US', u16(1)), short(0x00280100, 'US', u16(8))];
    const reasonFor = (bytes: Uint8Array) => {
      try {
        return readDicomSlices(bytes, 'a.dcm');
      } catch (thrown) {
        return thrown instanceof AppException && 'detail' in thrown.error ? thrown.error.detail : thrown;
      }
    };
    const float = file(EXPLICIT, FIRST, ...square, long(0x7fe00008, 'OF', [0, 0, 128, 63]));
    expect(readDicomSummary(float, 'a.dcm').content).toBe('image');
    expect(reasonFor(float)).toBe('pixels as floating-point numbers (a parametric map)');
    const framed = (count: string) => file(EXPLICIT, FIRST, short(0x00280008, 'IS', ascii(count)), ...square, long(0x7fe00010, 'OB', [1, 2]));
    expect(reasonFor(framed('-1'))).toBe("NumberOfFrames is '-1'");
    expect(reasonFor(framed('2 '))).toBe('2 frames without a position for each frame');
    expect(reasonFor(framed('99999999'))).toBe('99999999 frames in one file');
  });
});

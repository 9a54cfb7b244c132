import { describe, expect, it } from 'vitest';
import { encapsulate, offsetTable } from '../../../../test/phantoms/encapsulate.ts';
import { writeDicomSeries } from '../../../../test/phantoms/writeDicomSeries.ts';
import { errorOf } from '../../../contract/testing/errorOf.ts';
import { gridFromAffine } from '../../../imaging/grid.ts';
import { encapsulatedFrames } from './encapsulatedFrames.ts';
import { parseDicom } from '../parseDicom.ts';

const grid = gridFromAffine([2, 2, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
const [native] = writeDicomSeries(grid, new Int16Array(4), { declaredSyntax: '1.2.840.10008.1.2.4.80' });
const bytes = (...values: number[]) => Uint8Array.from(values);
const NO_TABLE = bytes();
/** Two frames: the first in two fragments, the second in one; each begins like a codestream. */
const A1 = bytes(0xff, 0xd8, 1, 2);
const A2 = bytes(3, 4);
const B = bytes(0xff, 0xd8, 5, 6, 7, 8);

function framesOf(items: Uint8Array[], frameCount: number, hasEnd = true): number[][] {
  const file = encapsulate(native!, items, hasEnd);
  return encapsulatedFrames(parseDicom(file, 'a.dcm').dataSet, frameCount, 'a.dcm').map((frame) => [...frame]);
}

describe('encapsulated pixel data', () => {
  const whole = [[...A1, ...A2], [...B]];

  it('one frame of several fragments', () => {
    expect(framesOf([NO_TABLE, A1, A2], 1)).toEqual([[...A1, ...A2]]);
  });

  it('frames by the Basic Offset Table, also when fragments look like other frames', () => {
    expect(framesOf([offsetTable([0, 22]), A1, A2, B], 2)).toEqual(whole);
    expect(framesOf([offsetTable([0, 12]), A1, B, A2], 2)).toEqual([[...A1], [...B, ...A2]]);
  });

  it('frames without a table: one fragment each, else by where codestreams begin', () => {
    expect(framesOf([NO_TABLE, A2, A2], 2)).toEqual([[...A2], [...A2]]);
    expect(framesOf([NO_TABLE, A1, A2, B], 2)).toEqual(whole);
    // a table that fits nothing is as none
    expect(framesOf([offsetTable([0, 9]), A1, A2, B], 2)).toEqual(whole);
  });

  it('a missing end is no loss', () => {
    expect(framesOf([NO_TABLE, A1, B], 2, false)).toEqual([[...A1], [...B]]);
  });

  it('refuses what it cannot tell apart, and what is cut off', () => {
    expect(errorOf(() => framesOf([NO_TABLE, A2, A2, A2], 2))).toMatchObject({
      code: 'import/unreadable',
      detail: '3 fragments for 2 frames, and nothing tells where a frame begins',
    });
    expect(errorOf(() => framesOf([NO_TABLE], 1))).toMatchObject({ code: 'import/unreadable', detail: 'encapsulated pixel data without a fragment' });
    const file = encapsulate(native!, [NO_TABLE, A1, B]);
    const cut = parseDicom(file.subarray(0, file.length - 10), 'a.dcm').dataSet;
    expect(errorOf(() => encapsulatedFrames(cut, 2, 'a.dcm'))).toEqual({
      code: 'import/truncated',
      path: 'a.dcm',
      expectedBytes: file.length - 8,
      actualBytes: file.length - 10,
    });
  });
});

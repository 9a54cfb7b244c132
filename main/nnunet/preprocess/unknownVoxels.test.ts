import { describe, expect, it } from 'vitest';
import { COMPLETE, type Completeness } from '../../contract/completeness.ts';
import { DimsIjk } from '../../contract/vocabulary.ts';
import { withUnknownIgnored } from './unknownVoxels.ts';

const dims = DimsIjk.parse([3, 2, 2]);
const IGNORE = 3;
/** i fastest; two rows of two slices. */
const painted = Uint8Array.of(0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1);
const ignored = (completeness: Partial<Completeness>, background: Uint8Array | null = null) => [
  ...withUnknownIgnored(painted, dims, { completeness: { ...COMPLETE, ...completeness }, background }, IGNORE),
];

describe('voxels that nobody painted', () => {
  it('are background in a complete mask', () => {
    expect(ignored({})).toEqual([...painted]);
  });

  it('are ignored in a sparse one, but for painted background', () => {
    const background = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect(ignored({ unpainted: 'unknown' }, background)).toEqual([0, 1, 3, 3, 3, 2, 3, 3, 3, 3, 0, 1]);
  });

  it.each([
    ['k', 1, [3, 1, 3, 3, 3, 2, 0, 0, 0, 0, 0, 1]],
    ['j', 0, [0, 1, 0, 3, 3, 2, 0, 0, 0, 3, 3, 1]],
    ['i', 2, [3, 1, 0, 3, 3, 2, 3, 3, 0, 3, 3, 1]],
  ] as const)('are background in a complete slice across %s', (axis, index, expected) => {
    expect(ignored({ unpainted: 'unknown', completeSlices: [{ axis, index }] })).toEqual(expected);
  });

  it('are background in a complete box, as far as the box lies in the grid', () => {
    const completeBoxes = [{ beginIjk: [1, 0, 0], endIjk: [9, 1, 9] }] as const;
    expect(ignored({ unpainted: 'unknown', completeBoxes: [...completeBoxes] })).toEqual([3, 1, 0, 3, 3, 2, 3, 0, 0, 3, 3, 1]);
    expect(ignored({ unpainted: 'unknown', completeBoxes: [{ beginIjk: [7, 7, 7], endIjk: [9, 9, 9] }], completeSlices: [{ axis: 'k', index: 99 }] })).toEqual(
      ignored({ unpainted: 'unknown' }),
    );
  });

  it('may be any label that the mask does not know, complete slice or not; painted background is background', () => {
    const background = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect(ignored({ knownLabels: [1], completeSlices: [{ axis: 'k', index: 1 }] }, background)).toEqual([0, 1, 3, 3, 3, 2, 3, 3, 3, 3, 3, 1]);
  });

  it('leave the given mask as it was', () => {
    const before = [...painted];
    ignored({ unpainted: 'unknown' });
    expect([...painted]).toEqual(before);
  });
});

import { describe, expect, it } from 'vitest';
import { edgeLetters, sliceAtShare, slicePosition } from './planeFacts.ts';

describe('edgeLetters', () => {
  it('follows the axial plane as radiologists look at it, and a flip', () => {
    expect(edgeLetters([0, -1, 0], [0, 0, -1])).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
    expect(edgeLetters([0, -1, 0], [0, 0, 1])).toEqual({ left: 'L', right: 'R', top: 'A', bottom: 'P' });
    expect(edgeLetters([1, 0, 0], [0, 0, -1])).toEqual({ left: 'A', right: 'P', top: 'L', bottom: 'R' });
  });
});

describe('slicePosition', () => {
  it('names the side, whichever way the normal points', () => {
    expect(slicePosition([3, 4, 12.54], [0, 0, -1])).toBe('S 12.5 mm');
    expect(slicePosition([3, 4, 12.54], [0, 0, 1])).toBe('S 12.5 mm');
    expect(slicePosition([3, 4, -7], [0, 0, -1])).toBe('I 7.0 mm');
    expect(slicePosition([-3, 4, 0], [1, 0, 0])).toBe('R 3.0 mm');
    expect(slicePosition([3, 4, -0.04], [0, 0, 1])).toBe('0.0 mm');
  });
});

describe('sliceAtShare', () => {
  it('brings ends to ends and the middle to the middle', () => {
    expect([0, 5, 10].map((index) => sliceAtShare(index, 11, 101))).toEqual([0, 50, 100]);
    expect([0, 50, 100].map((index) => sliceAtShare(index, 101, 11))).toEqual([0, 5, 10]);
    expect(sliceAtShare(0, 1, 21)).toBe(10);
    expect(sliceAtShare(4, 9, 1)).toBe(0);
  });
});

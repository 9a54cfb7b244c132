import { describe, expect, it } from 'vitest';
import { edgeLetters, slicePosition } from './planeFacts.ts';

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

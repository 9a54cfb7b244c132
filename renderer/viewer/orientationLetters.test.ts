import { describe, expect, it } from 'vitest';
import { orientationLetters } from './orientationLetters.ts';

describe('orientationLetters', () => {
  it('names the six sides', () => {
    expect(
      [
        [1, 0, 0],
        [-1, 0, 0],
        [0, 1, 0],
        [0, -1, 0],
        [0, 0, 1],
        [0, 0, -1],
      ].map(orientationLetters),
    ).toEqual(['L', 'R', 'P', 'A', 'S', 'I']);
  });
  it('adds a second letter when oblique', () => {
    expect(orientationLetters([0.1, 0.99, 0])).toBe('P');
    expect(orientationLetters([-0.5, 0.85, 0])).toBe('PR');
  });
});

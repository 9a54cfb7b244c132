import { describe, expect, it } from 'vitest';
import { GateRules } from '../../contract/gate.ts';
import { DimsIjk, SpacingMm } from '../../contract/vocabulary.ts';
import { isDisplaced, maskOffset } from './displacedMask.ts';

const grid = { dimsIjk: DimsIjk.parse([24, 20, 12]), spacingMm: SpacingMm.parse([1, 2, 3]) };
const rules = GateRules.parse({});

/** Label 1 and label 2 side by side along j, 6 × 4 × 5 voxels each. */
function twoBlocks(shiftIjk: readonly [number, number, number], isCut = false): Uint8Array {
  const [ni, nj, nk] = grid.dimsIjk;
  const labels = new Uint8Array(ni * nj * nk);
  for (let k = 3; k < 8; k++)
    for (let j = 5; j < (isCut ? 9 : 13); j++)
      for (let i = 4; i < 10; i++) labels[i + shiftIjk[0] + ni * (j + shiftIjk[1] + nj * (k + shiftIjk[2]))] = j < 9 ? 1 : 2;
  return labels;
}
const judge = (predicted: Uint8Array, mask: Uint8Array, ignore: number | null = null): boolean => {
  const offset = maskOffset(predicted, mask, grid, ignore);
  return offset !== null && isDisplaced(offset, rules);
};

describe('a mask beside the prediction that it corrects', () => {
  it('is found with its offset in voxels and millimetres', () => {
    const offset = maskOffset(twoBlocks([0, 0, 0]), twoBlocks([4, 0, 1]), grid, null);
    expect(offset).toEqual({ offsetIjk: [4, 0, 1], offsetMm: 5, diceInPlace: expect.closeTo((2 * 2 * 8 * 4) / 480), diceMoved: 1 });
    expect(judge(twoBlocks([0, 0, 0]), twoBlocks([4, 0, 0]))).toBe(true);
    expect(judge(twoBlocks([0, 4, 0]), twoBlocks([0, 0, 0]))).toBe(true);
  });

  it('is not one that the reader enlarged, redrew or moved by a voxel', () => {
    expect(judge(twoBlocks([0, 0, 0], true), twoBlocks([0, 0, 0]))).toBe(false);
    expect(judge(twoBlocks([0, 0, 0]), twoBlocks([1, 0, 0]))).toBe(false);
    const swapped = twoBlocks([0, 0, 0]).map((label) => (label === 0 ? 0 : 3 - label));
    expect(judge(swapped, twoBlocks([0, 0, 0]))).toBe(false);
  });

  it('is not accused by a prediction that knows nothing, nor by voxels that nobody looked at', () => {
    const scattered = twoBlocks([0, 0, 0]).map((_, n) => (n % 37 === 0 ? 1 : 0));
    expect(judge(scattered, twoBlocks([4, 0, 0]))).toBe(false);
    expect(judge(new Uint8Array(scattered.length), twoBlocks([4, 0, 0]))).toBe(false);
    const unknownBeside = twoBlocks([0, 0, 0]).map((label, n) => (label === 0 && n % grid.dimsIjk[0] > 9 ? 255 : label));
    expect(judge(twoBlocks([6, 0, 0]), unknownBeside, 255)).toBe(false);
  });
});

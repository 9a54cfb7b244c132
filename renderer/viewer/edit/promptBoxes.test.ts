import { describe, expect, it } from 'vitest';
import { MOST_PROPOSED_VOXELS } from '../../../main/contract/proposal.ts';
import { promptAt, promptWithin } from './promptBoxes.ts';

describe('prompts', () => {
  it('reach as far as the radius, and stay in the volume', () => {
    expect(promptAt([2, 50, 10], [100, 100, 20], [1, 1, 3], 6)).toEqual({
      box: { fromIjk: [0, 44, 8], dimsIjk: [9, 13, 5] },
      seed: { fromIjk: [2, 50, 10], dimsIjk: [1, 1, 1] },
    });
  });
  it('ask for no more than may be asked for', () => {
    const { box } = promptAt([500, 500, 500], [1000, 1000, 1000], [0.5, 0.5, 0.5], 200);
    const count = box.dimsIjk.reduce((a, b) => a * b, 1);
    expect(count).toBeLessThanOrEqual(MOST_PROPOSED_VOXELS);
    expect(count).toBeGreaterThan(MOST_PROPOSED_VOXELS / 4);
  });
  it('of a rectangle are as deep as it is wide', () => {
    expect(promptWithin([30, 20, 7], [11, 29, 7], 2, [100, 100, 9], [1, 1, 2])).toEqual({
      box: { fromIjk: [11, 20, 2], dimsIjk: [20, 10, 7] },
      seed: { fromIjk: [11, 20, 7], dimsIjk: [20, 10, 1] },
    });
  });
});

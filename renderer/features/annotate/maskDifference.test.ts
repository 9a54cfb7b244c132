import { expect, it } from 'vitest';
import { ADDED, CHANGED, maskDifference, REMOVED } from './maskDifference.ts';

it('tells what was added, removed and given another label', () => {
  const before = [0, 0, 1, 1, 2, 2, 0, 0];
  const after_ = [1, 0, 0, 1, 1, 2, 0, 2];
  const found = maskDifference(before, after_, 4);
  expect([...found.voxels]).toEqual([ADDED, 0, REMOVED, 0, CHANGED, 0, 0, ADDED]);
  expect(found).toMatchObject({ added: 2, removed: 1, changed: 1, worstSliceK: 0 });
  expect(found.labels).toEqual([
    { labelValue: 1, added: 2, removed: 1 },
    { labelValue: 2, added: 1, removed: 1 },
  ]);
});

it('of equal masks is nothing, of unequal sizes an error', () => {
  expect(maskDifference([1, 2], [1, 2])).toMatchObject({ added: 0, removed: 0, changed: 0, labels: [], worstSliceK: null });
  expect(() => maskDifference([1], [1, 2])).toThrow('masks of 1 and 2 voxels');
});

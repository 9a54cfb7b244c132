import { describe, expect, it } from 'vitest';
import { crossValidationSplits } from './splits.ts';

// scikit-learn 1.9.1, numpy 2.4.6: [t[1].tolist() for t in KFold(5, shuffle=True, random_state=12345).split(range(n))]
const RECORDED: Record<number, number[][]> = {
  5: [[0], [4], [3], [1], [2]],
  7: [[3, 6], [0, 4], [1], [5], [2]],
  11: [
    [0, 3, 7],
    [6, 10],
    [8, 9],
    [1, 4],
    [2, 5],
  ],
  23: [
    [3, 8, 10, 17, 19],
    [0, 7, 12, 15, 16],
    [6, 11, 14, 18, 20],
    [9, 13, 21, 22],
    [1, 2, 4, 5],
  ],
};
const name = (n: number) => `case_${String(n).padStart(3, '0')}`;

describe('cross-validation splits', () => {
  it.each(Object.keys(RECORDED).map(Number))('equal scikit-learn for %i cases of different subjects', (count) => {
    const cases = Array.from({ length: count }, (_, n) => ({ caseId: name(n), subject: name(n) })).reverse();
    const splits = crossValidationSplits(cases);
    expect(splits.map(({ val }) => val)).toEqual(RECORDED[count]!.map((fold) => fold.map(name)));
    for (const { train, val } of splits) expect([...train, ...val].sort()).toEqual(cases.map((c) => c.caseId).sort());
  });

  it('keeps a subject on one side', () => {
    const cases = Array.from({ length: 24 }, (_, n) => ({ caseId: name(n), subject: `s${Math.floor(n / 2)}` }));
    const splits = crossValidationSplits(cases);
    expect(splits).toHaveLength(5);
    for (const { val } of splits) {
      const held = val.map((id) => Number(id.slice(5)));
      for (const n of held) expect(held).toContain(n ^ 1);
    }
    expect(splits.flatMap(({ val }) => val).sort()).toEqual(cases.map((c) => c.caseId));
  });

  it('has as many folds as subjects when there are few, and one that validates on itself for a single subject', () => {
    const three = ['a', 'b', 'c'].map((id) => ({ caseId: id, subject: id }));
    expect(crossValidationSplits(three).map(({ val }) => val.length)).toEqual([1, 1, 1]);
    expect(crossValidationSplits([{ caseId: 'x', subject: 'p' }])).toEqual([{ train: ['x'], val: ['x'] }]);
    expect(crossValidationSplits([])).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { RoundEffort } from '../../../main/contract/effort.ts';
import { effortLine } from './effortLines.ts';

const round = (n: number, meanDice: number | null) =>
  RoundEffort.parse({
    round: n,
    source: n === 0 ? null : `model:run-${n}`,
    caseCount: 4,
    medianActiveSeconds: 60 * n,
    meanVoxelsChanged: null,
    meanDice,
    meanAssdMm: null,
    meanHd95Mm: null,
  });

describe('effortLine', () => {
  it('has a point for each round that has the figure', () => {
    const rounds = [round(0, null), round(1, 0.8), round(3, 0.9)];
    expect(effortLine('Dice', '#fff', rounds, ({ meanDice }) => meanDice).points).toEqual([
      { x: 1, y: 0.8 },
      { x: 3, y: 0.9 },
    ]);
    expect(
      effortLine('minutes', '#fff', rounds, ({ medianActiveSeconds }) => medianActiveSeconds && medianActiveSeconds / 60).points.map(({ y }) => y),
    ).toEqual([0, 1, 3]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Metric } from '../../../main/contract/jobs.ts';
import { linesOfClasses, linesOfRuns, recordLines } from './runCurves.ts';

const metric = (name: Metric['name'], step: number, value: number, label?: string): Metric => ({ name, step, value, label, epoch: 1 });
const first = [
  metric('trainLoss', 10, 1),
  metric('trainLoss', 20, 0.5),
  metric('valDice', 20, 0.6),
  metric('valDice', 20, 0.7, 'liver'),
  metric('valDice', 20, 0.5, 'tumour'),
  metric('memoryBytes', 20, 3e9),
];
const second = [metric('trainLoss', 10, 0.8)];

describe('curves of runs', () => {
  it('are one line a run, the classes apart', () => {
    const runs = [
      { name: 'a', metrics: first },
      { name: 'b', metrics: second },
    ];
    expect(linesOfRuns(runs, 'trainLoss').map(({ name, points }) => [name, points.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(linesOfRuns(runs, 'valDice').map(({ points }) => points)).toEqual([[{ x: 20, y: 0.6 }], []]);
    expect(linesOfRuns(runs, 'memoryBytes', 1e-9)[0]!.points).toEqual([{ x: 20, y: 3 }]);
    expect(new Set(linesOfRuns(runs, 'trainLoss').map(({ color }) => color)).size).toBe(2);
    expect(linesOfClasses(first).map(({ name, points }) => [name, points[0]!.y])).toEqual([
      ['liver', 0.7],
      ['tumour', 0.5],
    ]);
  });

  it('the record is a flat list', () => {
    expect(recordLines({ preset: 'v2', minutes: 15, epochs: null, recipe: { optimizer: 'sgd', rates: [1, 2] } })).toEqual([
      ['preset', 'v2'],
      ['minutes', '15'],
      ['optimizer', 'sgd'],
      ['rates', '[1,2]'],
    ]);
    expect(recordLines(undefined)).toEqual([]);
  });
});

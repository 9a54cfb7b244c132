import { describe, expect, it } from 'vitest';
import type { Metric } from '../../../main/contract/jobs.ts';
import { diceLines, lossLines } from './trainingCurves.ts';

const metric = (name: Metric['name'], step: number, value: number, label?: string): Metric => ({ name, step, value, label, epoch: 1 });

describe('training curves', () => {
  it('keeps the last point of a long curve and stays small', () => {
    const metrics = Array.from({ length: 5001 }, (_, step) => metric('trainLoss', step, 1 / (step + 1)));
    const points = lossLines(metrics)[0]!.points;
    expect(points.length).toBeLessThanOrEqual(500);
    expect(points.at(-1)!.x).toBe(5000);
  });

  it('separates the mean Dice from the classes', () => {
    const lines = diceLines([metric('valDice', 10, 0.5), metric('valDice', 10, 0.4, 'liver'), metric('trainLoss', 10, 1)]);
    expect(lines.map((line) => line.name)).toEqual(['mean', 'liver']);
    expect(lines[1]!.points).toEqual([{ x: 10, y: 0.4 }]);
  });
});

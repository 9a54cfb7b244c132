import { expect, it } from 'vitest';
import { curvesOf } from './runCurves.ts';

const line = (name: string, step: number, value: number, label?: string): string => JSON.stringify({ name, step, value, label });

it('takes the mean curves in at most 24 points; a session that goes on replaces what came after its first step', () => {
  const log = [
    JSON.stringify({ run: { firstStep: 0 } }),
    line('trainLoss', 1, 3),
    line('valDice', 2, 0.1),
    line('valDice', 2, 0.9, 'body'),
    line('trainLoss', 3, 9),
    line('learningRate', 3, 1),
    JSON.stringify({ run: { firstStep: 2 } }),
    line('trainLoss', 3, 2),
    '{"name":"trainLoss","st',
  ].join('\n');
  expect(curvesOf(log)).toEqual({ loss: [3, 2], dice: [0.1] });
  const long = curvesOf(Array.from({ length: 480 }, (_, n) => line('trainLoss', n, n)).join('\n')).loss;
  expect(long).toHaveLength(24);
  expect([long[0], long[23]]).toEqual([9.5, 469.5]);
});

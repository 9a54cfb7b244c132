import { describe, expect, it } from 'vitest';
import { calls } from '../../../main/contract/api.ts';
import { presetDefaults, problemOf, trainingInput } from './advancedChoices.ts';

const parsed = (input: object) => calls['nnunet.train'].input.parse({ configuration: '2d', ...input });

describe('advanced options of a training', () => {
  it('untouched, they ask for nothing but the contract’s own defaults', () => {
    expect(parsed(trainingInput(presetDefaults()))).toEqual(parsed({}));
  });

  it('send what was chosen, and only that', () => {
    const chosen = { ...presetDefaults(), fold: 'all' as const, optimizer: 'sgd' as const, learningRate: 0.02, averageWeights: true };
    expect(parsed(trainingInput(chosen))).toMatchObject({ fold: 'all', choices: { optimizer: 'sgd', learningRate: 0.02, ema: 0.999 } });
    expect(trainingInput(chosen).choices).not.toHaveProperty('batchSize');
  });

  it('of a retraining: how much is repeated, and an early end', () => {
    const chosen = { ...presetDefaults(), replayPercent: 30, stopWhenConverged: true };
    expect(parsed(trainingInput(chosen, true)).choices).toEqual({ replay: 0.3, convergedAfter: 5 });
    expect(parsed(trainingInput(chosen)).choices).toEqual({ convergedAfter: 5 });
  });

  it('name what cannot be', () => {
    expect(problemOf(presetDefaults())).toBeNull();
    expect(problemOf({ ...presetDefaults(), learningRate: 0 })).toContain('learning rate');
    expect(problemOf({ ...presetDefaults(), batchSize: 1.5 })).toContain('batch size');
    expect(problemOf({ ...presetDefaults(), replayPercent: 20 })).toContain('25 to 100');
  });
});

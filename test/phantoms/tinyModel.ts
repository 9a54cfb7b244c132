/** For tests: a run folder as a training leaves it, with a tiny 2D network whose weights come from a seed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initialWeights } from '../../main/compute/initialWeights.ts';
import { networkOf, type Plan } from '../../main/nnunet/plan/plan.ts';
import { writeCheckpoint, writePlan } from '../../main/workers/runFiles.ts';
import type { NamedArray } from '../../models/engine.ts';
import { parametersOf } from '../../models/unet.ts';

const channel = { name: 'MR', normalization: 'zscore', insideMaskOnly: false, mean: 0, std: 1, percentile005: -1, percentile995: 1 } as const;
const stage = { features: 4, convs: 1, kernel: [3, 3], stride: [1, 1] };

export const tinyPlan: Plan = {
  version: 2,
  preset: 'v2',
  transposeForward: [0, 1, 2],
  channels: [channel],
  classes: [{ labelValue: 1, name: 'body' }],
  regions: null,
  ignoreClass: null,
  ignoreLabelValue: null,
  configurations: [
    {
      name: '2d',
      previousStage: null,
      spacingDhwMm: [null, 1, 1],
      medianShapeDhw: [4, 8, 8],
      patch: [8, 8],
      batchSize: 2,
      batchDice: true,
      architecture: 'plain',
      norm: 'instance',
      stages: [stage, { ...stage, features: 6, stride: [2, 2] }],
      decoderConvs: 1,
      negativeSlope: 0.01,
      deepSupervisionWeights: [1],
    },
  ],
};

export const tinyCheckpoint = {
  version: 1 as const,
  configuration: '2d' as const,
  loop: {
    step: 10,
    epoch: 1,
    elapsedMs: 1000,
    validationMs: 1,
    bestDice: 0.5,
    validationsWithoutGain: 0,
    skippedInRow: 0,
    skippedSteps: 0,
    random: [1, 2, 3, 4] as const,
  },
};

/** Everything random, so that no two arrays could be exchanged unnoticed. */
export function tinyWeights(plan = tinyPlan): NamedArray[] {
  const parameters = parametersOf(networkOf(plan, plan.configurations[0]!), [0]);
  return initialWeights(
    parameters.map((p) => ({ ...p, initializer: 'heNormal' as const, fanIn: p.fanIn || 2 })),
    0.01,
    7,
  );
}

/** All but `run.json`, which the service that starts a training writes. */
export async function writeTinyRun(folder: string, plan = tinyPlan): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await writePlan(folder, plan);
  writeFileSync(join(folder, 'dataset_fingerprint.json'), `${JSON.stringify({ version: 1, shapes: [[4, 8, 8]] }, null, 2)}\n`);
  await writeCheckpoint(folder, 'best', tinyCheckpoint, tinyWeights(plan));
}

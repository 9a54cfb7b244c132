/** Trainings and predictions that lack memory: what is offered, what is taken, what is on record. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { err, ok } from '../../main/contract/errors.ts';
import type { TrainTask } from '../../main/contract/tasks.ts';
import type { RunId } from '../../main/contract/vocabulary.ts';
import { smallPlan } from '../../main/nnunet/testing/smallPlan.ts';
import { ServiceRig, tellCheckpoint, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
let asked: TrainTask[];
beforeEach(async () => {
  rig = ServiceRig.create();
  asked = [];
  await rig.createWithPhantoms(5, 4);
});
afterEach(() => rig.dispose());

const runOf = async (runId: RunId) => (await rig.call('nnunet.listRuns', {})).runs.find((run) => run.runId === runId)!;
const Record = z.object({ options: z.object({ recipe: z.looseObject({}) }), changes: z.array(z.looseObject({})).default([]) });
const recordOf = (runId: RunId) => Record.parse(JSON.parse(readFileSync(join(rig.projectFolder, 'runs', runId, 'run.json'), 'utf8')));

/** A training whose first process ends as `first` says; those after it succeed. */
function firstEnds(first: (input: TrainTask) => ReturnType<typeof trainInNoTime>): void {
  rig.tasks.training = async (input, port) => {
    asked.push(input);
    if (asked.length > 1) return trainInNoTime(input, port);
    tellCheckpoint(input, port, 1);
    return first(input);
  };
}
const start = () => rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 1, choices: { batchSize: 8 } });

describe('a training that lacks memory', () => {
  it('ends with offers, can go on with one of them, and keeps that on record', async () => {
    firstEnds(async () =>
      err({ code: 'train/memory-short', neededBytes: 9e9, availableBytes: 5e9, offers: [{ choices: { accumulation: 4 }, neededBytes: 4e9 }] }),
    );
    const { jobId, runId } = await start();
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'train/memory-short' } });
    expect((await runOf(runId)).state).toBe('interrupted');
    const again = await rig.call('nnunet.resume', { runId, choices: { accumulation: 4 } });
    expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded' });
    expect(asked.map(({ recipe, resume }) => [recipe.accumulation, recipe.batchSize, resume])).toEqual([
      [undefined, 8, false],
      [4, 8, true],
    ]);
    expect(recordOf(runId)).toMatchObject({ options: { recipe: { accumulation: 4 } }, changes: [{ afterStep: 10, choices: { accumulation: 4 } }] });
    // nobody could repeat that step by step
    await expect(rig.call('models.rerun', { runId })).rejects.toThrow('train/cannot-repeat');
  });

  it('says so when the system ended its process, with twice as many parts', async () => {
    firstEnds((input) => {
      writeFileSync(join(input.runFolder, 'plans.json'), JSON.stringify(smallPlan()));
      rig.host.killAll();
      return new Promise(() => {});
    });
    const { jobId, runId } = await start();
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'train/out-of-memory', offers: [{ choices: { accumulation: 2 } }] } });
    expect((await runOf(runId)).state).toBe('interrupted');
  });

  it('without a plan yet nothing can be offered', async () => {
    firstEnds((input) => {
      expect(existsSync(join(input.runFolder, 'plans.json'))).toBe(false);
      rig.host.killAll();
      return new Promise(() => {});
    });
    expect(await rig.jobEnd((await start()).jobId)).toMatchObject({ error: { code: 'train/out-of-memory', offers: [] } });
  });

  it('takes an offer by itself only where asked to, and records it', async () => {
    rig.tasks.training = async (input, port) => {
      asked.push(input);
      if (input.memory === 'fit') port.tell({ type: 'item', item: { kind: 'fittedRecipe', choices: { accumulation: 3 } } });
      return trainInNoTime(input, port);
    };
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 1, memory: 'fit' });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
    expect(recordOf(runId)).toMatchObject({ options: { recipe: { accumulation: 3 } }, changes: [{ afterStep: 0 }] });
    await rig.jobEnd((await start()).jobId);
    expect(asked.map(({ memory }) => memory)).toEqual(['fit', undefined]);
  });
});

it('a prediction whose process the system ended says what to change', async () => {
  const { jobId: trained } = await rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 1 });
  await rig.jobEnd(trained);
  rig.tasks.prediction = async () => {
    rig.host.killAll();
    return ok({});
  };
  const { jobId } = await rig.call('nnunet.predict', {});
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'predict/out-of-memory', offers: [] } });
});

it('of several 2D models it says that fewer slices and fewer models need less', async () => {
  const runIds: RunId[] = [];
  for (let n = 0; n < 2; n++) {
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d', fold: 'all', epochs: 1 });
    await rig.jobEnd(jobId);
    runIds.push(runId);
  }
  rig.tasks.prediction = async () => {
    rig.host.killAll();
    return ok({});
  };
  const failed = await rig.jobEnd((await rig.call('nnunet.predict', { runIds })).jobId);
  expect(failed).toMatchObject({ error: { code: 'predict/out-of-memory', offers: [{ choices: { windowsPerCall: 1 } }, { choices: { modelCount: 1 } }] } });
  const again = await rig.jobEnd((await rig.call('nnunet.predict', { runIds, windowsPerCall: 1 })).jobId);
  expect(again).toMatchObject({ error: { code: 'predict/out-of-memory', offers: [{ choices: { modelCount: 1 } }] } });
});

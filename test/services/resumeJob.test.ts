/** What a program that ended left undone is done by the next one, without what is done already. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { err, ok } from '../../main/contract/errors.ts';
import { Grid } from '../../main/contract/vocabulary.ts';
import { writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { ServiceRig, tellCheckpoint, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(4, 2);
});
afterEach(() => rig.dispose());

const stateOf = async (jobId: string) => (await rig.call('jobs.list', {})).jobs.find((job) => job.jobId === jobId);
async function restart(): Promise<void> {
  await rig.services.close();
  rig = ServiceRig.create(rig.root);
  await rig.call('project.open', { folder: rig.projectFolder });
}
async function trained(): Promise<void> {
  rig.tasks.training = trainInNoTime;
  await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d', fold: 'all' })).jobId);
}

describe('after a restart', () => {
  it('a training that ran goes on from its checkpoint, once', async () => {
    let hasBegun = false;
    rig.tasks.training = async (input, port) => {
      tellCheckpoint(input, port, 2);
      hasBegun = true;
      while (!port.stop.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
      return ok({});
    };
    const { jobId } = await rig.call('nnunet.train', { configuration: '2d', fold: 'all' });
    const waiting = await rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all' });
    await expect.poll(() => hasBegun).toBe(true);
    await restart();
    expect([await stateOf(jobId), await stateOf(waiting.jobId)]).toMatchObject([
      { state: 'interrupted', isResumable: true },
      { state: 'interrupted', isResumable: true },
    ]);
    let resumed: boolean | undefined;
    rig.tasks.training = async (input, port) => {
      resumed ??= input.resume;
      return trainInNoTime(input, port);
    };
    const again = await rig.call('jobs.resume', { jobId });
    expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded' });
    expect(resumed).toBe(true);
    expect(await stateOf(jobId)).toMatchObject({ state: 'interrupted', isResumable: false });
    expect(await rig.errorOf('jobs.resume', { jobId })).toMatchObject({ code: 'contract/bad-input' });
  });

  it('a prediction goes on with the cases that are left', async () => {
    await trained();
    const predictAll = rig.tasks.prediction;
    rig.tasks.prediction = async (input, port) => {
      await predictAll({ ...input, cases: input.cases.slice(0, 1) }, port);
      while (!port.stop.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
      return ok({});
    };
    const { jobId } = await rig.call('nnunet.predict', {});
    await expect.poll(async () => (await rig.call('dataset.listCases', {})).cases.filter(({ status }) => status === 'predicted').length).toBe(1);
    await restart();
    const asked: string[][] = [];
    rig.tasks.prediction = async (input, port) => {
      asked.push(input.cases.map(({ caseId }) => caseId));
      return predictAll(input, port);
    };
    const again = await rig.call('jobs.resume', { jobId });
    expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded' });
    const { cases } = await rig.call('dataset.listCases', {});
    expect(asked).toEqual([[cases[3]!.caseId]]);
    expect(cases.map(({ latestRevision }) => latestRevision)).toEqual([1, 1, 1, 1]);
  });
});

it('a prediction whose process died once does not predict twice what is stored', async () => {
  await trained();
  const predictAll = rig.tasks.prediction;
  let runs = 0;
  rig.tasks.prediction = async (input, port) => {
    if (++runs > 1) return predictAll(input, port);
    await predictAll({ ...input, cases: input.cases.slice(0, 1) }, port);
    return err({ code: 'job/process-died', exitCode: 1, signal: null });
  };
  const { jobId } = await rig.call('nnunet.predict', {});
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  expect(runs).toBe(2);
  expect((await rig.call('dataset.listCases', {})).cases.map(({ latestRevision }) => latestRevision)).toEqual([1, 1, 1, 1]);
});

it('an import that was cancelled goes on with the files that are left', async () => {
  const folder = join(rig.root, 'more');
  mkdirSync(folder);
  const grid = Grid.parse({ dimsIjk: [4, 4, 4], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  for (const name of ['a', 'b'])
    await writeStoredChannel(
      join(folder, `${name}.nii`),
      grid,
      Float32Array.from({ length: 64 }, (_, n) => n + name.charCodeAt(0)),
    );
  await rig.jobEnd((await rig.call('dataset.import', { paths: [join(folder, 'a.nii')] })).jobId);
  const { jobId } = await rig.call('dataset.import', { paths: [folder] });
  await rig.call('jobs.cancel', { jobId });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'cancelled' });
  expect((await rig.call('dataset.listCases', {})).cases).toHaveLength(5);
  const again = await rig.call('jobs.resume', { jobId });
  expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded' });
  expect((await rig.call('dataset.listCases', {})).cases).toHaveLength(6);
});

it('a job that recorded no call cannot be resumed', async () => {
  const { jobs } = await rig.call('jobs.list', {});
  expect(await rig.errorOf('jobs.resume', { jobId: jobs[0]!.jobId })).toMatchObject({ code: 'contract/bad-input' });
});

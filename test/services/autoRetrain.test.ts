/** A retraining that starts by itself: when, how, and that it yields. */
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ok } from '../../main/contract/errors.ts';
import type { JobPort } from '../../main/contract/jobPort.ts';
import type { TrainTask } from '../../main/contract/tasks.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
let asked: TrainTask[];
beforeEach(async () => {
  rig = ServiceRig.create(undefined, 'browser');
  asked = [];
  rig.tasks.training = async (input, port) => {
    asked.push(input);
    return trainInNoTime(input, port);
  };
  await rig.createWithPhantoms(6, 3);
});
afterEach(() => rig.dispose());

async function firstModel(): Promise<void> {
  const { jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 1 });
  await rig.jobEnd(jobId);
  const predicted = await rig.call('nnunet.predict', {});
  await rig.jobEnd(predicted.jobId);
}
async function acceptNext(): Promise<void> {
  const { cases } = await rig.call('dataset.listCases', {});
  const { caseId, latestRevision } = cases.find(({ acceptedRevision }) => acceptedRevision === null)!;
  await rig.call('labels.accept', { caseId, revision: latestRevision! });
}
async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 400 && !(await test()); n++) await sleep(5);
  expect(await test()).toBe(true);
}

it('is off until the user says so, and needs a first model', async () => {
  expect(await rig.call('nnunet.autoRetrain', {})).toEqual({ afterAccepted: null, minutes: 10, newlyAccepted: 3, problem: null });
  await rig.call('nnunet.setAutoRetrain', { afterAccepted: 1, minutes: 2 });
  await sleep(50);
  expect(asked).toHaveLength(0);
  await rig.call('nnunet.setAutoRetrain', { afterAccepted: null, minutes: 2 });
  await firstModel();
  await acceptNext();
  await sleep(50);
  expect(asked).toHaveLength(1);
});

it('starts after so many newly accepted cases, from the last model, in the background; not again for the same ones', async () => {
  await firstModel();
  await rig.call('nnunet.setAutoRetrain', { afterAccepted: 2, minutes: 3 });
  await acceptNext();
  await sleep(50);
  expect(await rig.call('nnunet.autoRetrain', {})).toMatchObject({ newlyAccepted: 1 });
  expect(asked).toHaveLength(1);
  await acceptNext();
  await until(() => asked.length === 2);
  expect(asked[1]).toMatchObject({ minutes: 3, configuration: '3d_fullres', fold: 'all' });
  expect(rig.host.inBackground).toEqual(['train']);
  expect(asked[1]!.parentRunFolder).toBe(asked[0]!.runFolder);
  expect(asked[1]!.cases.filter(({ isNew }) => isNew)).toHaveLength(2);
  const { jobs } = await rig.call('jobs.list', {});
  expect(jobs.find(({ subject }) => subject === asked[1]!.runId)!.title).toMatch(/^Retrain by itself/);
  await acceptNext();
  await sleep(50);
  expect(asked).toHaveLength(2);
  expect(await rig.call('nnunet.autoRetrain', {})).toMatchObject({ afterAccepted: 2, newlyAccepted: 1 });
});

it('does not keep a prediction waiting, holds meanwhile and while the user paints, and can be cancelled for good', async () => {
  await firstModel();
  let port: JobPort | undefined;
  rig.tasks.training = async (input, given) => {
    asked.push(input);
    port = given;
    while (!given.stop.aborted) await sleep(2);
    return ok({});
  };
  await rig.call('nnunet.setAutoRetrain', { afterAccepted: 1, minutes: 3 });
  await acceptNext();
  await until(() => port !== undefined);
  expect(port!.pause!.isWanted).toBe(false);
  const { jobId } = await rig.call('nnunet.predict', {});
  await until(() => port!.pause!.isWanted);
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  await until(() => !port!.pause!.isWanted);
  await rig.call('jobs.userActive', {});
  expect(port!.pause!.isWanted).toBe(true);
  const { jobs } = await rig.call('jobs.list', {});
  const own = jobs.find(({ kind, state }) => kind === 'train' && state === 'running')!;
  await rig.call('jobs.cancel', { jobId: own.jobId });
  expect(await rig.jobEnd(own.jobId)).toMatchObject({ state: 'cancelled' });
  await sleep(50);
  expect(asked).toHaveLength(2);
});

it('says why it could not start, and does not try on and on', async () => {
  await firstModel();
  await rig.call('nnunet.setAutoRetrain', { afterAccepted: 1, minutes: 3 });
  writeFileSync(join(rig.projectFolder, 'splits_final.json'), 'no JSON');
  await acceptNext();
  await until(async () => (await rig.call('nnunet.autoRetrain', {})).problem !== null);
  expect(asked).toHaveLength(1);
});

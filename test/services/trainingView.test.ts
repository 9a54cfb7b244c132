/** What the window shows of a training: example patches by the code that trains, and its record. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunId } from '../../main/contract/vocabulary.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(3, 3);
});
afterEach(() => rig.dispose());

/** A run with a real plan and prepared cases, trained by a script. */
async function trainWithRealPlan(): Promise<RunId> {
  const planned = await rig.jobEnd((await rig.call('nnunet.plan', { fold: 'all', preprocess: ['2d'] })).jobId);
  if (planned.state !== 'succeeded') throw new Error(JSON.stringify(planned));
  rig.tasks.training = async (input, port) => {
    mkdirSync(input.runFolder, { recursive: true });
    copyFileSync(join(rig.projectFolder, 'plans.json'), join(input.runFolder, 'plans.json'));
    return trainInNoTime(input, port);
  };
  const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d', fold: 'all' });
  await rig.jobEnd(jobId);
  return runId;
}

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe('example patches', () => {
  it('are pictures of drawn patches, the same for the same seed, others without augmentation', async () => {
    const runId = await trainWithRealPlan();
    const first = await rig.call('nnunet.examplePatches', { runId, seed: 3 });
    expect(first.patches.length).toBeGreaterThan(1);
    expect(first.patch).toHaveLength(2);
    expect(first.classNames).toEqual(['anterior', 'posterior']);
    for (const { pngs } of first.patches) {
      expect(pngs).toHaveLength(first.channelNames.length);
      expect(Buffer.from(pngs[0]!, 'base64').subarray(0, 4)).toEqual(png);
    }
    expect(await rig.call('nnunet.examplePatches', { runId, seed: 3 })).toEqual(first);
    expect((await rig.call('nnunet.examplePatches', { runId, seed: 3, isAugmented: false })).patches).not.toEqual(first.patches);
  });

  it('of a run that prepared nothing say what is missing', async () => {
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
    await rig.jobEnd(jobId);
    expect((await rig.errorOf('nnunet.examplePatches', { runId })).code).toBeTruthy();
    expect(await rig.errorOf('nnunet.examplePatches', { runId: RunId.parse('none') })).toMatchObject({ code: 'not-found' });
  });
});

it('the film of a run is what the training left of it, picture by picture', async () => {
  const frames = [{ step: 20, epoch: 2, elapsedSeconds: 4, dice: 0.5 }];
  rig.tasks.training = async (input, port) => {
    const folder = join(input.runFolder, 'film');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'film.json'), JSON.stringify({ version: 1, caseId: 'phantom_001', sliceK: 3, sliceCount: 9, spentMs: 7, frames }));
    writeFileSync(join(folder, 'truth.png'), 'truth');
    writeFileSync(join(folder, 'step_00000020.png'), 'frame');
    return trainInNoTime(input, port);
  };
  const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
  await rig.jobEnd(jobId);
  expect((await rig.call('nnunet.predictionFilm', { runId })).film).toMatchObject({ caseId: 'phantom_001', frames });
  const pictureOf = async (step: number | null) => Buffer.from((await rig.call('nnunet.filmPicture', { runId, step })).png, 'base64').toString();
  expect([await pictureOf(null), await pictureOf(20)]).toEqual(['truth', 'frame']);
  expect(await rig.errorOf('nnunet.filmPicture', { runId, step: 30 })).toMatchObject({ code: 'not-found' });
  expect(await rig.errorOf('nnunet.predictionFilm', { runId: RunId.parse('none') })).toMatchObject({ code: 'not-found' });
});

it('the record says who trained what on which masks', async () => {
  const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
  await rig.jobEnd(jobId);
  const { record } = await rig.call('nnunet.runRecord', { runId });
  expect(record).toMatchObject({ runId, author: 'reader', options: { configuration: '2d', preset: 'v2' } });
  expect(await rig.errorOf('nnunet.runRecord', { runId: RunId.parse('none') })).toMatchObject({ code: 'not-found' });
});

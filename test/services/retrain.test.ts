/** What a retraining is given: new cases, replayed ones, predictions only as what was corrected. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainCase, TrainTask } from '../../main/contract/tasks.ts';
import type { CaseId, RunId } from '../../main/contract/vocabulary.ts';
import { readLabelmap } from '../../main/dataset/storedVolume.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
let asked: TrainTask[];
beforeEach(async () => {
  rig = ServiceRig.create();
  asked = [];
  rig.tasks.training = async (input, port) => {
    asked.push(input);
    return trainInNoTime(input, port);
  };
  // the first four come with masks
  await rig.createWithPhantoms(7, 4);
});
afterEach(() => rig.dispose());

async function train(parentRunId?: RunId): Promise<{ runId: RunId; cases: Map<string, TrainCase> }> {
  const { jobId, runId } = await rig.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 1, parentRunId });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  return { runId, cases: new Map(asked.at(-1)!.cases.map((one) => [one.caseId, one])) };
}

const detailOf = (caseId: CaseId) => rig.call('dataset.openCase', { caseId });
const caseIds = async (): Promise<CaseId[]> => (await rig.call('dataset.listCases', {})).cases.map(({ caseId }) => caseId);
const newOf = (cases: Map<string, TrainCase>) => [...cases.values()].filter(({ isNew }) => isNew).map(({ caseId }) => caseId);

/** Paints `count` voxels more or fewer, and accepts. */
async function correct(caseId: CaseId, count: number): Promise<void> {
  const { latestRevision } = await detailOf(caseId);
  const { voxels } = await readLabelmap(labelFile(caseId, latestRevision!));
  for (let n = 0; n < count; n++) voxels[n] = voxels[n] === 1 ? 0 : 1;
  const uploadId = await rig.upload(new Uint8Array(voxels));
  const { revision } = await rig.call('labels.save', { caseId, uploadId, parent: latestRevision });
  await rig.call('labels.accept', { caseId, revision });
}
const labelFile = (caseId: CaseId, revision: number): string =>
  join(rig.projectFolder, 'cases', caseId, 'labels', `r${String(revision).padStart(4, '0')}.nii.gz`);

async function predictOpenCases(): Promise<void> {
  const { jobId } = await rig.call('nnunet.predict', {});
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
}

describe('a retraining', () => {
  it('learns from accepted label maps only, never from a prediction as it is', async () => {
    const first = await train();
    expect([...first.cases.values()].every(({ isNew }) => isNew === undefined)).toBe(true);
    await predictOpenCases();
    const ids = await caseIds();
    const again = await train(first.runId);
    expect([...again.cases.keys()]).toEqual(ids.slice(0, 4));
    // a newer prediction of an accepted case changes nothing either
    const { jobId } = await rig.call('nnunet.predict', { caseIds: [ids[0]!] });
    await rig.jobEnd(jobId);
    expect((await detailOf(ids[0]!)).latestRevision).toBe(2);
    expect((await train(first.runId)).cases.get(ids[0]!)!.labelFile).toBe(labelFile(ids[0]!, 1));
  });

  it('tells new cases from those that the parent or its ancestors know', async () => {
    const first = await train();
    await predictOpenCases();
    const ids = await caseIds();
    await correct(ids[4]!, 30);
    const second = await train(first.runId);
    expect(newOf(second.cases)).toEqual([ids[4]]);
    await correct(ids[5]!, 30);
    await correct(ids[1]!, 5);
    const third = await train(second.runId);
    expect(newOf(third.cases).sort()).toEqual([ids[1], ids[5]].sort());
    // from the first model again, the case of the second round is new again
    expect(newOf((await train(first.runId)).cases).sort()).toEqual([ids[1], ids[4], ids[5]].sort());
  });

  it('the same voxels under another revision are not new', async () => {
    const first = await train();
    const [caseId] = await caseIds();
    const { revision } = await rig.call('labels.restore', { caseId: caseId!, revision: 1 });
    await rig.call('labels.accept', { caseId: caseId!, revision });
    expect(newOf((await train(first.runId)).cases)).toEqual([]);
  });

  it('names the prediction that was corrected, through several edits; not where a prediction was accepted as it is', async () => {
    const first = await train();
    await predictOpenCases();
    const ids = await caseIds();
    await correct(ids[4]!, 30);
    await correct(ids[4]!, 10);
    await rig.call('labels.accept', { caseId: ids[5]!, revision: 1 });
    const { cases } = await train(first.runId);
    expect(cases.get(ids[4]!)).toMatchObject({ labelFile: labelFile(ids[4]!, 3), predictedFile: labelFile(ids[4]!, 1) });
    expect(cases.get(ids[5]!)!.predictedFile).toBeUndefined();
    expect(cases.get(ids[0]!)!.predictedFile).toBeUndefined();
  });

  it('replays what a person drew before what was only accepted', async () => {
    const first = await train();
    await predictOpenCases();
    const ids = await caseIds();
    await rig.call('labels.accept', { caseId: ids[5]!, revision: 1 });
    const second = await train(first.runId);
    await correct(ids[6]!, 3);
    const { cases } = await train(second.runId);
    expect(newOf(cases)).toEqual([ids[6]]);
    expect([cases.get(ids[0]!)!.weight, cases.get(ids[5]!)!.weight]).toEqual([3, 1]);
  });

  it('has a short recipe of its own, and keeps what was chosen', async () => {
    const first = await train();
    const { jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', parentRunId: first.runId, choices: { replay: 0.3, convergedAfter: 4 } });
    await rig.jobEnd(jobId);
    expect(asked.at(-1)).toMatchObject({
      epochs: 20,
      recipe: {
        learningRate: expect.closeTo(1e-4, 9),
        warmUp: 0.05,
        ema: 0.999,
        ckptStrategy: 'last_only',
        replay: 0.3,
        convergedAfter: 4,
        correctedRegions: 1 / 3,
      },
    });
    expect(await rig.errorOf('nnunet.train', { configuration: '3d_fullres', parentRunId: first.runId, choices: { replay: 0.1 } })).toMatchObject({
      code: 'contract/bad-input',
    });
  });
});

/** A run done again from its record through the services: what it is given, when it is refused, what is kept of it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainTask } from '../../main/contract/tasks.ts';
import type { AppError } from '../../main/contract/errors.ts';
import { ok } from '../../main/contract/errors.ts';
import type { RunId } from '../../main/contract/vocabulary.ts';
import { writeCourse } from '../../main/workers/courseFile.ts';
import { tellCheckpoint, ServiceRig } from './serviceRig.ts';
import { writeTinyRun } from '../phantoms/tinyModel.ts';

let rig: ServiceRig;
let asked: TrainTask[];
beforeEach(async () => {
  rig = ServiceRig.create();
  asked = [];
  rig.tasks.training = async (input, port) => {
    asked.push(input);
    tellCheckpoint(input, port, 1);
    await writeTinyRun(input.runFolder);
    await writeCourse(input.runFolder, { rates: Float32Array.of(0.1, 0.05), losses: Float32Array.of(2, 1), validatedSteps: [] });
    return ok({});
  };
  await rig.createWithPhantoms(6, 6);
});
afterEach(() => rig.dispose());

async function train(input: object = {}): Promise<RunId> {
  const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d', minutes: 1, seed: 9, ...input });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  return runId;
}
const recordFile = (runId: RunId): string => join(rig.projectFolder, 'runs', runId, 'run.json');
const refusal = (runId: RunId): Promise<AppError> => rig.errorOf('models.rerun', { runId });
const modelOf = async (runId: RunId) => (await rig.call('models.list', {})).models.find((one) => one.runId === runId)!;

describe('a rerun', () => {
  it('gets the same masks and choices, though others are accepted by now; is compared and does not become the current model', async () => {
    const first = await train();
    const child = await train({ parentRunId: first });
    const [caseId] = asked.at(-1)!.cases.map((one) => one.caseId);
    const { revision } = await rig.call('labels.restore', { caseId: caseId!, revision: 1 });
    await rig.call('labels.accept', { caseId: caseId!, revision });
    const { jobId, runId } = await rig.call('models.rerun', { runId: child });
    const job = await rig.jobEnd(jobId);
    expect(job).toMatchObject({
      state: 'succeeded',
      title: `Repeat ${child}`,
      summary: { rerun: { runId, repeatsRunId: child, largestWeightDifference: 0, comparedSteps: 2, firstDifferentStep: null, isSamePlan: true } },
    });
    const [repeated, again] = asked.slice(-2);
    const runFolder = again!.runFolder;
    expect(again).toEqual({ ...repeated, runId, runFolder, repeatedRunFolder: repeated!.runFolder });
    expect(await modelOf(runId)).toMatchObject({ repeatsRunId: child, parentRunId: first, isCurrent: false, verdict: null, rerun: { repeatsRunId: child } });
    expect(await modelOf(child)).toMatchObject({
      repeatsRunId: null,
      rerun: null,
      isCurrent: true,
      isImported: false,
      settings: { seed: 9, minutes: 1, epochs: null, choices: [] },
    });
    expect(JSON.parse(readFileSync(recordFile(runId), 'utf8'))).toMatchObject({
      options: { repeatsRunId: child, seed: 9 },
      cases: JSON.parse(readFileSync(recordFile(child), 'utf8')).cases,
    });
  });

  it('says everything that is missing or changed, and leaves no run behind', async () => {
    const first = await train();
    const child = await train({ parentRunId: first });
    const record = JSON.parse(readFileSync(recordFile(child), 'utf8'));
    const [one, two] = record.cases;
    one.sha256 = one.sha256.replace(/./g, '0');
    writeFileSync(recordFile(child), JSON.stringify(record));
    rmSync(join(rig.projectFolder, 'cases', two.caseId, 'labels', 'r0001.nii.gz'));
    await rig.call('models.delete', { runId: first });
    const count = (await rig.call('models.list', {})).models.length;
    expect(await refusal(child)).toEqual({
      code: 'train/cannot-repeat',
      runId: child,
      differences: [`the weights of its parent ${first} are gone`, `revision 1 of ${one.caseId} is not as it was`, `revision 1 of ${two.caseId} is missing`],
    });
    expect((await rig.call('models.list', {})).models).toHaveLength(count);
  });

  it('is refused for a run by the clock that kept no rates, after a change of the legend, and without a record', async () => {
    const first = await train();
    rmSync(join(rig.projectFolder, 'runs', first, 'course.bin'));
    expect(await refusal(first)).toMatchObject({ differences: ['it went by the clock, and its learning rates were not recorded yet'] });
    const other = await train({ minutes: undefined, epochs: 1 });
    const { legend } = (await rig.call('project.current', {})).project!;
    await rig.call('project.setLegend', { legend: [...legend, { labelValue: 99, name: 'new', colorRgb: [1, 2, 3] }] });
    expect(await refusal(other)).toMatchObject({ differences: ['the legend of the project has changed'] });
    rmSync(recordFile(other));
    expect(await refusal(other)).toMatchObject({ differences: ['its record run.json is missing or damaged'] });
  });
});

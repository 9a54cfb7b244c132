/** `nnunet.findBest` through the services: predictions by formula, so that it is known which model is best. */
import { existsSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok, type Result } from '../../main/contract/errors.ts';
import { InferenceInformation } from '../../main/contract/inferenceInformation.ts';
import type { PredictTask } from '../../main/contract/tasks.ts';
import type { CaseId, ConfigurationName, RunId } from '../../main/contract/vocabulary.ts';
import { readLabelmap, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { ServiceRig } from './serviceRig.ts';
import { trainingWithPlan } from './trainingWithPlan.ts';

let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(8, 8);
  trainingWithPlan(rig);
});
afterEach(() => rig.dispose());

async function train(configuration: ConfigurationName, fold: number, parentRunId?: RunId): Promise<RunId> {
  const { runId, jobId } = await rig.call('nnunet.train', { configuration, fold: fold as 0, epochs: 1, ...(parentRunId && { parentRunId }) });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  return runId;
}

async function findBest(): Promise<InferenceInformation> {
  const { jobId } = await rig.call('nnunet.findBest', {});
  const job = await rig.jobEnd(jobId);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  const written = InferenceInformation.parse(JSON.parse(readFileSync(join(rig.projectFolder, 'inference_information.json'), 'utf8')));
  expect(InferenceInformation.parse(job.summary)).toEqual(written);
  return written;
}

/** The truth, moved by `shift` voxels along i, and with `stray` a block of label 1 in a corner, in every prediction of these models. */
function predictTruth(how: (models: string) => { shift: number; stray: boolean }): void {
  rig.tasks.prediction = async (input: PredictTask): Promise<Result<Record<string, unknown>>> => {
    const { shift, stray } = how(input.models.map(({ runFolder }) => runFolder).join(' '));
    for (const { caseId, outputFile } of input.cases) {
      const { grid, voxels } = await readLabelmap(labelFileOf(caseId));
      const moved = new Uint8Array(voxels.length);
      moved.set(voxels.subarray(0, voxels.length - shift), shift);
      if (stray) moved.fill(1, 0, 30);
      await writeLabelmap(outputFile, grid, moved);
    }
    return ok({ predictedCount: input.cases.length });
  };
}
const labelFileOf = (caseId: CaseId): string => join(rig.projectFolder, 'cases', caseId, 'labels', 'r0001.nii.gz');

describe('nnunet.findBest', () => {
  it('finds a pair that is better than either, and the post-processing that mends it', async () => {
    const runIds = [await train('2d', 0), await train('2d', 1), await train('3d_fullres', 0), await train('3d_fullres', 1)];
    await train('3d_fullres', 2); // not trained in 2d, so fold 2 cannot be compared
    predictTruth((models) => (models.includes(' ') ? { shift: 0, stray: true } : { shift: models.includes('2d') ? 2 : 1, stray: false }));
    const best = await findBest();
    expect(best.folds).toEqual([0, 1]);
    expect(best.candidates.map(({ name }) => name)).toEqual(['v2 2d + v2 3d_fullres', 'v2 3d_fullres', 'v2 2d']);
    expect([...best.candidates[0]!.runIds].sort()).toEqual([...runIds].sort());
    expect(best.structures).toEqual(['anterior', 'posterior']);
    expect(best.candidates[0]!.dicePerStructure[1]).toBe(1);
    expect(best.postprocessing).toMatchObject({ steps: [{ keepLargestOf: [1, 2] }], diceAfter: 1 });
    expect(best.postprocessing.diceBefore).toBeLessThan(1);
    for (const runId of runIds)
      expect(JSON.parse(readFileSync(join(rig.projectFolder, 'runs', runId, 'postprocessing.json'), 'utf8'))).toEqual({
        version: 1,
        steps: [{ keepLargestOf: [1, 2] }],
      });
    // predictions for the comparison are raw, of the models' own folds only, and do not stay
    const predicted = rig.host.inputs.filter(
      (input): input is PredictTask => input.task === 'predict' && !input.cases[0]!.outputFile.includes(`${sep}gate${sep}`),
    );
    expect(predicted.every(({ options }) => !options.postprocess && !options.mirror)).toBe(true);
    const { runs } = await rig.call('nnunet.listRuns', {});
    for (const { models, cases } of predicted)
      for (const { runFolder } of models)
        for (const { caseId } of cases) expect(runs.find(({ runId }) => runFolder.endsWith(runId))!.trainCaseIds).not.toContain(caseId);
    expect(existsSync(predicted[0]!.cases[0]!.outputFile)).toBe(false);
  });

  it('prefers the single configuration when the pair is no better', async () => {
    await train('2d', 0);
    const single = await train('3d_fullres', 0);
    predictTruth((models) => ({ shift: models.includes('3d_fullres') ? 1 : 3, stray: false }));
    const best = await findBest();
    expect(best.candidates[0]).toMatchObject({ name: 'v2 3d_fullres', runIds: [single] });
    expect(best.candidates[1]).toMatchObject({ name: 'v2 2d + v2 3d_fullres', dice: best.candidates[0]!.dice });
    expect(best.postprocessing.steps).toEqual([]);
  });

  it('does not judge a run by cases that its ancestor learnt from', async () => {
    const ofFold1 = await train('3d_fullres', 1);
    await train('3d_fullres', 0, ofFold1); // its held-back cases were trained on by its parent
    predictTruth(() => ({ shift: 1, stray: false }));
    expect((await findBest()).folds).toEqual([1]);
  });

  it('refuses without a model, and configurations without a common fold', async () => {
    expect(await rig.errorOf('nnunet.findBest', {})).toMatchObject({ code: 'predict/no-model' });
    await train('2d', 0);
    await train('3d_fullres', 1);
    expect(await rig.errorOf('nnunet.findBest', {})).toMatchObject({ code: 'contract/bad-input' });
  });
});

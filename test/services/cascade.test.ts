/** The second stage of a cascade starts only where every case was predicted by a first stage that had not seen it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServiceRig, trainKeepingValidation } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(() => {
  rig = ServiceRig.create();
  rig.tasks.training = trainKeepingValidation;
});
afterEach(() => rig.dispose());

const cascade = { configuration: '3d_cascade_fullres', fold: 2 } as const;

it('names the folds whose predictions are missing, then hands each case its own', async () => {
  await rig.createWithPhantoms(6, 6);
  expect(await rig.errorOf('nnunet.train', cascade)).toMatchObject({ code: 'train/previous-stage-missing', folds: [0, 1, 2, 3, 4] });
  const runIds = [];
  for (const fold of [0, 1, 3, 4]) {
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '3d_lowres', fold });
    await rig.jobEnd(jobId);
    runIds.push(runId);
  }
  expect(await rig.errorOf('nnunet.train', cascade)).toMatchObject({ code: 'train/previous-stage-missing', folds: [2] });
  expect((await rig.call('nnunet.listRuns', {})).runs).toHaveLength(4);
  const last = await rig.call('nnunet.train', { configuration: '3d_lowres', fold: 2 });
  await rig.jobEnd(last.jobId);

  const { jobId, runId } = await rig.call('nnunet.train', cascade);
  await rig.jobEnd(jobId);
  const task = rig.host.inputs.find((input) => input.task === 'train' && input.runId === runId);
  const { runs } = await rig.call('nnunet.listRuns', {});
  const cases = task?.task === 'train' ? task.cases : [];
  expect(cases).toHaveLength(6);
  for (const { caseId, previousFile } of cases) {
    const blind = runs.find((run) => previousFile?.includes(run.runId));
    expect(blind?.validationCaseIds).toContain(caseId);
    expect(blind?.trainCaseIds).not.toContain(caseId);
  }

  expect(await rig.errorOf('nnunet.train', { ...cascade, previousRunIds: [...runIds.slice(1), last.runId] })).toMatchObject({ folds: [0] });
  expect(await rig.errorOf('nnunet.train', { ...cascade, previousRunIds: [runId] })).toMatchObject({ code: 'contract/bad-input' });
});

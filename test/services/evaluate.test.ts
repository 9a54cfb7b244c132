/** `evaluate.start` through the services: two folders without any project, and the cases that a run held back. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Evaluation } from '../../main/contract/evaluation.ts';
import { EvaluateSummary } from '../../main/contract/tasks.ts';
import { RunId } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';
import { trainingWithPlan } from './trainingWithPlan.ts';

let rig: ServiceRig;
beforeEach(() => {
  rig = ServiceRig.create();
});
afterEach(() => rig.dispose());

const readEvaluation = (folder: string): Evaluation => Evaluation.parse(JSON.parse(readFileSync(join(folder, 'evaluation.json'), 'utf8')));

describe('evaluate.start', () => {
  it('compares two folders with no project open, and its job can be followed and found', async () => {
    await rig.createWithPhantoms(3, 3);
    const truthFolder = join(rig.projectFolder, 'phantoms/seed_0/labelsTr');
    const predictionFolder = join(rig.root, 'predictions');
    mkdirSync(predictionFolder);
    for (const name of ['phantom_001.nii.gz', 'phantom_002.nii.gz']) copyFileSync(join(truthFolder, name), join(predictionFolder, name));
    await rig.call('project.close', {});
    expect(await rig.errorOf('jobs.list', {})).toMatchObject({ code: 'project/none-open' });
    const outputFolder = join(rig.root, 'report');
    const of = { kind: 'folders' as const, predictionFolder, truthFolder };
    expect(await rig.errorOf('evaluate.start', { of: { ...of, truthFolder: '/none' }, outputFolder })).toMatchObject({ code: 'project/folder-missing' });
    const { jobId } = await rig.call('evaluate.start', { of, outputFolder });
    const job = await rig.jobEnd(jobId);
    expect(job).toMatchObject({ kind: 'evaluate', state: 'succeeded', problems: [{ code: 'evaluate/no-prediction' }] });
    expect(EvaluateSummary.parse(job.summary)).toMatchObject({ comparedCount: 2, leftOutCount: 1, dice: 1 });
    expect(readEvaluation(outputFolder).structures.map(({ name }) => name)).toEqual(['anterior', 'posterior']);
    expect((await rig.call('jobs.events', { jobId })).events.at(-1)?.type).toBe('succeeded');
    // a project can be opened afterwards, and jobs are those of the project again
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await rig.call('jobs.list', {})).jobs.some((one) => one.jobId === jobId)).toBe(false);
  });

  it('measures a run on the cases it held back, predicting what is not there yet', async () => {
    await rig.createWithPhantoms(6, 6);
    trainingWithPlan(rig);
    const { runId, jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1 });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
    const [run] = (await rig.call('nnunet.listRuns', {})).runs;
    const held = run!.validationCaseIds;
    expect(held.length).toBeGreaterThan(0);
    const outputFolder = join(rig.root, 'report');
    const evaluate = async () => {
      const started = await rig.call('evaluate.start', { of: { kind: 'run', runId }, outputFolder });
      const job = await rig.jobEnd(started.jobId);
      expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
      return job;
    };
    await evaluate();
    const { cases, structures } = readEvaluation(outputFolder);
    expect(cases.map(({ name }) => name)).toEqual(held);
    expect(structures.map(({ name }) => name)).toEqual(['anterior', 'posterior']);
    expect(cases.every(({ metrics }) => metrics[0]!.dice! > 0.05 && metrics[0]!.dice! < 0.95)).toBe(true); // a threshold is a poor model
    const predicted = () => rig.host.inputs.filter(({ task }) => task === 'predict').length;
    expect(predicted()).toBe(1);
    await evaluate();
    expect(predicted()).toBe(1); // kept in the run's folder
    expect(existsSync(join(rig.projectFolder, 'runs', runId, 'validation', `${held[0]!}.nii.gz`))).toBe(true);
    rmSync(outputFolder, { recursive: true });
  });

  it('refuses a run that is unknown or held nothing back', async () => {
    await rig.createWithPhantoms(1, 1);
    const outputFolder = join(rig.root, 'report');
    const of = (runId: string) => ({ of: { kind: 'run' as const, runId: RunId.parse(runId) }, outputFolder });
    expect(await rig.errorOf('evaluate.start', of('nobody'))).toMatchObject({ code: 'not-found', what: 'run' });
    const { runId, jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1 });
    await rig.jobEnd(jobId);
    expect(await rig.errorOf('evaluate.start', of(runId))).toMatchObject({ code: 'evaluate/no-validation-cases' });
  });
});

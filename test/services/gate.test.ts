/** The gate and the registry through the services: trainings by script, predictions by formula, so that it is known which model is worse. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallInput, ModelInfo } from '../../main/contract/api.ts';
import { err, ok, type Result } from '../../main/contract/errors.ts';
import type { JobPort } from '../../main/contract/jobPort.ts';
import type { PredictTask } from '../../main/contract/tasks.ts';
import { CaseId, type RunId } from '../../main/contract/vocabulary.ts';
import { readLabelmap, writeLabelmap } from '../../main/dataset/storedVolume.ts';
import { runGate } from '../../main/workers/gate.ts';
import { ServiceRig } from './serviceRig.ts';
import { trainingWithPlan } from './trainingWithPlan.ts';

let rig: ServiceRig;
/** By how many voxels the next training's model, and that of each run, misses the truth. */
let nextShift = 1;
let shifts: Map<string, number>;

/** A project with 25 cases, of which five are held out; imported once. */
let original: ServiceRig;
beforeAll(async () => {
  original = ServiceRig.create();
  await original.createWithPhantoms(25, 25);
  await original.services.close();
}, 60_000);
afterAll(() => original.dispose());

beforeEach(async () => {
  const root = mkdtempSync(join(tmpdir(), 'maskloop-gate-'));
  cpSync(original.root, root, { recursive: true });
  rig = ServiceRig.create(root);
  await rig.call('project.open', { folder: rig.projectFolder });
  shifts = new Map();
  nextShift = 1;
  trainingWithPlan(rig);
  rig.tasks.prediction = predictShifted;
  rig.tasks.gate = runGate;
});
afterEach(() => rig.dispose());

async function predictShifted(input: PredictTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  const folder = input.models[0]!.runFolder;
  const shift = [...shifts].find(([runId]) => folder.endsWith(runId))?.[1] ?? nextShift;
  for (const { caseId, outputFile } of input.cases) {
    const { grid, voxels } = await readLabelmap(join(rig.projectFolder, 'cases', caseId, 'labels', 'r0001.nii.gz'));
    const moved = new Uint8Array(voxels.length);
    moved.set(voxels.subarray(0, voxels.length - shift), shift);
    const { sha256 } = await writeLabelmap(outputFile, grid, moved);
    port.tell({ type: 'item', item: { kind: 'prediction', caseId, labelFile: outputFile, labelSha256: sha256, elapsedSeconds: 0 } });
  }
  return ok({ predictedCount: input.cases.length });
}

/** Trains a model that misses by `shift`, and waits for the verdict. */
async function train(shift: number, input: Partial<CallInput<'nnunet.train'>> = {}): Promise<RunId> {
  nextShift = shift;
  const { runId, jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, ...input });
  const job = await rig.jobEnd(jobId);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  shifts.set(runId, shift);
  return runId;
}

async function modelOf(runId: RunId): Promise<ModelInfo> {
  return (await rig.call('models.list', {})).models.find((model) => model.runId === runId)!;
}

async function predictingRun(): Promise<string> {
  await rig.jobEnd((await rig.call('nnunet.predict', { caseIds: [CaseId.parse('phantom_001')] })).jobId);
  const task = rig.host.inputs.filter((input): input is PredictTask => input.task === 'predict').at(-1)!;
  return task.models[0]!.runFolder.split('/').at(-1)!;
}

describe('the gate', () => {
  it('takes the first model, a better one instead of it, and refuses a worse one, which then does not predict', async () => {
    const first = await train(2);
    expect(await modelOf(first)).toMatchObject({ isCurrent: true, gateOutcome: 'accepted', verdict: { reasons: [{ code: 'first' }], mean: null } });
    const better = await train(1, { parentRunId: first });
    expect(await modelOf(better)).toMatchObject({
      isCurrent: true,
      gateOutcome: 'accepted',
      verdict: { currentRunId: first, reasons: [{ code: 'notWorse' }] },
    });
    const worse = await train(3, { parentRunId: better });
    expect(await modelOf(worse)).toMatchObject({ isCurrent: false, gateOutcome: 'rejected', verdict: { currentRunId: better } });
    expect(await modelOf(better)).toMatchObject({ isCurrent: true });
    expect(await predictingRun()).toBe(better);

    const report = await rig.call('models.gateReport', { runId: worse });
    expect(report.verdict.reasons.map(({ code }) => code)).toEqual(['meanDropped', 'classDropped', 'classDropped']);
    expect(report.verdict.cases).toHaveLength(5);
    expect(report.pictures).toHaveLength(5);
    const html = readFileSync(report.htmlFile!, 'utf8');
    for (const { caseId } of report.verdict.cases) expect(html).toContain(caseId);
    expect(html).toContain('data:image/png;base64,');
  });

  it('judges by cases that neither model learnt from, with the masks of the training, and predicts only what is missing', async () => {
    const first = await train(1);
    await train(1, { parentRunId: first });
    const [gate] = rig.host.inputs.filter((input) => input.task === 'gate');
    if (gate?.task !== 'gate') throw new Error('nothing was judged');
    const { runs } = await rig.call('nnunet.listRuns', {});
    expect(gate.cases.map(({ caseId }) => caseId).sort()).toEqual([...runs[0]!.validationCaseIds].sort());
    for (const { caseId } of gate.cases) for (const run of runs) expect(run.trainCaseIds).not.toContain(caseId);
    const before = rig.host.inputs.length;
    await train(1, { parentRunId: first });
    // the current model's predictions are there from the last time
    expect(rig.host.inputs.slice(before).map(({ task }) => task)).toEqual(['train', 'predict', 'gate']);
  });

  it('leaves a model of another fold to the user: one of the two has learnt from every case that could judge', async () => {
    const first = await train(2);
    const other = await train(1, { fold: 1 });
    expect(await modelOf(other)).toMatchObject({ isCurrent: false, gateOutcome: 'notJudged', verdict: { reasons: [{ code: 'noCommonCases' }] } });
    expect(await predictingRun()).toBe(first);
    await rig.call('models.use', { runId: other });
    expect(await predictingRun()).toBe(other);
  });

  it('watches the first cases that a person accepted, also those trained on', async () => {
    const first = await train(1);
    const [trained] = (await modelOf(first)).trainCaseIds;
    const { revision } = await rig.call('labels.restore', { caseId: trained!, revision: 1 }); // the import has accepted it already
    await rig.call('labels.accept', { caseId: trained!, revision });
    const second = await train(1, { parentRunId: first });
    const { verdict } = await rig.call('models.gateReport', { runId: second });
    expect(verdict.canary).toMatchObject({ caseCount: 1, difference: 0 });
    expect(verdict.cases.filter(({ isCanary }) => isCanary)).toMatchObject([{ caseId: trained, isHeldOut: false }]);
  });

  it('refuses what learnt from corrected masks that lie beside their predictions, and names the cases', async () => {
    const first = await train(0);
    const { validationCaseIds, trainCaseIds } = await modelOf(first);
    expect(validationCaseIds).toHaveLength(5);
    const corrected = trainCaseIds.slice(0, 3);
    await rig.jobEnd((await rig.call('nnunet.predict', { caseIds: corrected })).jobId);
    for (const [n, caseId] of corrected.entries()) {
      const { voxels } = await readLabelmap(join(rig.projectFolder, 'cases', caseId, 'labels', 'r0002.nii.gz'));
      const moved = new Uint8Array(voxels.length);
      moved.set(voxels.subarray(0, voxels.length - 4 * n), 4 * n); // along i
      moved[0] = 1; // the first is corrected, too
      const { revision } = await rig.call('labels.save', { caseId, uploadId: await rig.upload(moved), parent: 2 });
      await rig.call('labels.accept', { caseId, revision });
    }
    const second = await train(0, { parentRunId: first });
    expect(await modelOf(second)).toMatchObject({ gateOutcome: 'rejected', isCurrent: false });
    const { verdict } = await rig.call('models.gateReport', { runId: second });
    expect(verdict.reasons).toEqual([{ code: 'masksDisplaced', count: 2, maskCount: 3 }]);
    expect(verdict.warnings).toMatchObject(
      [4, 8].map((offsetMm, n) => ({ code: 'maskDisplaced', caseId: corrected[n + 1], offsetMm: expect.closeTo(offsetMm, 0) as number })),
    );
  });

  it('can be done again when it broke off after the training', async () => {
    const first = await train(2);
    rig.tasks.gate = async () => err({ code: 'job/process-died', exitCode: 1, signal: null });
    nextShift = 1;
    const { runId, jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, parentRunId: first });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed' });
    expect(await modelOf(runId)).toMatchObject({ state: 'finished', gateOutcome: null, isCurrent: false });
    rig.tasks.gate = runGate;
    const again = await rig.call('models.gate', { runId });
    expect(await rig.jobEnd(again.jobId)).toMatchObject({ state: 'succeeded', summary: { verdict: { outcome: 'accepted' } } });
    expect(await modelOf(runId)).toMatchObject({ gateOutcome: 'accepted', isCurrent: true });
  });

  it('offers a training from scratch after two refusals in a row, by rules that can be changed', async () => {
    const first = await train(1);
    const advice = async () => (await rig.call('models.list', {})).adviseFullRetrain;
    await train(3, { parentRunId: first });
    expect(await advice()).toBe(false);
    await train(4, { parentRunId: first });
    expect(await advice()).toBe(true);
    expect(await rig.call('models.setRules', { changes: { meanLimit: 1, meanMargin: 1, classMargin: 1, classLimit: 1 } })).toMatchObject({
      meanMargin: 1,
      caseDrop: 0.1,
    });
    const accepted = await train(3, { parentRunId: first });
    expect(await modelOf(accepted)).toMatchObject({ gateOutcome: 'accepted', isCurrent: true });
    expect(await advice()).toBe(false);
  });
});

describe('after a merge of labels', () => {
  it('what the current model still draws apart counts as what it was merged into', async () => {
    const first = await train(0);
    const [a, b] = (await rig.call('project.current', {})).project!.legend;
    const { jobId } = await rig.call('project.changeLegend', { operations: [{ op: 'merge', labelValue: b!.labelValue, into: a!.labelValue }] });
    expect(await rig.jobEnd(jobId!)).toMatchObject({ state: 'succeeded' });
    // the first model draws as its masks were, the second as they are
    rig.tasks.prediction = async (input) => {
      const revision = input.models[0]!.runFolder.endsWith(first) ? 'r0001' : 'r0002';
      for (const { caseId, outputFile } of input.cases) {
        const { grid, voxels } = await readLabelmap(join(rig.projectFolder, 'cases', caseId, 'labels', `${revision}.nii.gz`));
        await writeLabelmap(outputFile, grid, voxels);
      }
      return ok({});
    };
    const second = await train(0, { parentRunId: first });
    const { verdict } = await rig.call('models.gateReport', { runId: second });
    expect(verdict.mean).toMatchObject({ current: 1, candidate: 1, difference: 0 });
  });
});

describe('the registry', () => {
  it('rolls back to the parent, keeps a pinned current model, compares two without consequences', async () => {
    const first = await train(2);
    expect(await rig.errorOf('models.rollBack', {})).toMatchObject({ code: 'contract/bad-input' });
    const second = await train(1, { parentRunId: first });
    expect(await rig.call('models.rollBack', {})).toEqual({ runId: first });
    await rig.call('models.pin', { runId: first, isPinned: true });
    const third = await train(1, { parentRunId: first });
    expect(await modelOf(third)).toMatchObject({ gateOutcome: 'accepted', isCurrent: false });
    const { jobId } = await rig.call('models.compare', { runId: first, withRunId: second });
    const { summary } = await rig.jobEnd(jobId);
    expect(summary).toMatchObject({ verdict: { outcome: 'rejected', runId: first, currentRunId: second } });
    expect(await modelOf(first)).toMatchObject({ gateOutcome: 'accepted', isCurrent: true, isPinned: true });
  });

  it('deletes weights and keeps the record; not of the current model, nor of a pinned one', async () => {
    const first = await train(2);
    const second = await train(1, { parentRunId: first });
    expect(await rig.errorOf('models.delete', { runId: second })).toMatchObject({ code: 'contract/bad-input' });
    await rig.call('models.pin', { runId: first, isPinned: true });
    expect(await rig.errorOf('models.delete', { runId: first })).toMatchObject({ code: 'contract/bad-input' });
    await rig.call('models.pin', { runId: first, isPinned: false });
    const { freedBytes } = await rig.call('models.delete', { runId: first });
    expect(freedBytes).toBeGreaterThan(0);
    const folder = join(rig.projectFolder, 'runs', first);
    expect(existsSync(join(folder, 'checkpoint_latest.bin'))).toBe(false);
    const deleted = await modelOf(first);
    expect(deleted).toMatchObject({
      hasCheckpoint: false,
      trainingDataSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      planSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(deleted.deletedAtMs).not.toBeNull();
    expect(JSON.parse(readFileSync(join(folder, 'deleted.json'), 'utf8'))).toMatchObject({ weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(await rig.errorOf('models.use', { runId: first })).toMatchObject({ code: 'predict/no-model' });
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect(await modelOf(second)).toMatchObject({ isCurrent: true, parentRunId: first });
  });

  it('says what it does not know', async () => {
    const first = await train(2);
    rmSync(join(rig.projectFolder, 'runs', first, 'run.json'));
    expect(await modelOf(first)).toMatchObject({ trainingDataSha256: null });
    const second = await train(2, { fold: 'all' });
    expect(await rig.errorOf('models.compare', { runId: second, withRunId: second })).toMatchObject({ code: 'contract/bad-input' });
    expect(await rig.errorOf('models.gateReport', { runId: 'nobody' as RunId })).toMatchObject({ code: 'not-found' });
  });
});

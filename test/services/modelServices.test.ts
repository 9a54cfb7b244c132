/** A model leaves one project and works in another: real bundle files, scripted network. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ok } from '../../main/contract/errors.ts';
import { writeTinyRun } from '../phantoms/tinyModel.ts';
import { ServiceRig, tellCheckpoint } from './serviceRig.ts';

let home: ServiceRig;
let away: ServiceRig;
beforeEach(() => {
  [home, away] = [ServiceRig.create(), ServiceRig.create()];
  home.tasks.training = async (input, port) => {
    tellCheckpoint(input, port, 3);
    await writeTinyRun(input.runFolder);
    return ok({});
  };
});
afterEach(async () => {
  for (const rig of [home, away]) await rig.dispose();
});

const bundleOf = (rig: ServiceRig): string => join(rig.root, 'model.maskloop');

async function trainAndExport() {
  await home.createWithPhantoms(3, 3);
  const { runId, jobId } = await home.call('nnunet.train', { configuration: '2d', seed: 5 });
  await home.jobEnd(jobId);
  const { jobId: exportJob } = await home.call('model.export', { runId, output: bundleOf(home) });
  expect(await home.jobEnd(exportJob)).toMatchObject({ state: 'succeeded', summary: { path: bundleOf(home) } });
  return runId;
}

async function importModel(file: string) {
  const { jobId } = await away.call('model.import', { file });
  return away.jobEnd(jobId);
}

const setLegend = (name: string) => away.call('project.setLegend', { legend: [{ labelValue: 1, name, colorRgb: [1, 2, 3] }] });

describe('a model moves to another project', () => {
  it('as a finished run that predicts and can be a parent, with its provenance', async () => {
    const runId = await trainAndExport();
    await away.createWithPhantoms(3, 2);
    expect(await importModel(bundleOf(home))).toMatchObject({ state: 'succeeded', summary: { trainedAs: runId } });
    const { runs } = await away.call('nnunet.listRuns', {});
    expect(runs).toMatchObject([
      {
        runId,
        state: 'finished',
        hasCheckpoint: true,
        configuration: '2d',
        epoch: 3,
        step: 30,
        validationDice: 0.5,
        validationDicePerLabel: { body: 0.5 },
        trainCaseIds: [],
        parentRunId: null,
      },
    ]);
    const folder = join(away.projectFolder, 'runs', runId);
    for (const name of ['plans.json', 'dataset_fingerprint.json', 'checkpoint_best.bin']) {
      expect(readFileSync(join(folder, name))).toEqual(readFileSync(join(home.projectFolder, 'runs', runId, name)));
    }
    const record = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Record<string, unknown>;
    expect(record).toMatchObject(JSON.parse(readFileSync(join(home.projectFolder, 'runs', runId, 'run.json'), 'utf8')) as object);
    expect(record.imported).toMatchObject({ file: 'model.maskloop' });

    const predicted = await away.call('nnunet.predict', {});
    expect(await away.jobEnd(predicted.jobId)).toMatchObject({ state: 'succeeded', subject: runId });
    const child = await away.call('nnunet.train', { configuration: '2d', parentRunId: runId });
    expect((await away.jobEnd(child.jobId)).state).toBe('succeeded');
    expect(away.host.inputs.filter(({ task }) => task === 'train').at(-1)).toMatchObject({ parentRunFolder: folder });
    await away.restart();
    await away.call('project.open', { folder: away.projectFolder });
    expect((await away.call('nnunet.listRuns', {})).runs.map((run) => run.runId)).toEqual([child.runId, runId]);
  });

  it('into an empty project, whose legend it brings; a second time under a number', async () => {
    const runId = await trainAndExport();
    await away.call('project.create', { folder: away.projectFolder });
    await importModel(bundleOf(home));
    await importModel(bundleOf(home));
    const { runs } = await away.call('nnunet.listRuns', {});
    expect(runs.map((run) => run.runId)).toEqual([`${runId}-2`, runId]);
    const { project } = await away.call('project.current', {});
    expect(project?.legend).toEqual((await home.call('project.current', {})).project?.legend);
  });

  it('not where its labels mean something else, and nothing stays behind', async () => {
    await trainAndExport();
    await away.call('project.create', { folder: away.projectFolder });
    await setLegend('tumour');
    const job = await importModel(bundleOf(home));
    expect(job).toMatchObject({ state: 'failed', error: { code: 'model/unusable' } });
    expect(job.error?.code === 'model/unusable' && job.error.detail).toContain("'tumour' in this project");
    expect(readdirSync(join(away.projectFolder, 'runs'))).toEqual([]);
    expect((await away.call('nnunet.listRuns', {})).runs).toEqual([]);
  });

  it('not from a file that is no bundle, and leftovers of a crash go away', async () => {
    await away.call('project.create', { folder: away.projectFolder });
    const junk = join(away.root, 'junk.maskloop');
    writeFileSync(junk, 'not a model');
    expect(await importModel(junk)).toMatchObject({ state: 'failed', error: { code: 'disk/corrupt', path: junk } });
    expect(await away.errorOf('model.import', { file: join(away.root, 'nowhere') })).toMatchObject({ code: 'model/unusable' });
    const left = join(away.projectFolder, 'runs', '.pending-import-1');
    mkdirSync(left);
    await away.restart();
    await away.call('project.open', { folder: away.projectFolder });
    expect(existsSync(left)).toBe(false);
  });
});

describe('export', () => {
  it('as a SavedModel writes the model with its plan and its record', async () => {
    const runId = await trainAndExport();
    const output = join(home.root, 'serving');
    const { jobId } = await home.call('model.export', { runId, format: 'savedmodel', output });
    expect((await home.jobEnd(jobId)).state).toBe('succeeded');
    expect(readdirSync(output).sort()).toEqual(['plans.json', 'run.json', 'saved_model.pb', 'variables']);
    expect(JSON.parse(readFileSync(join(output, 'run.json'), 'utf8'))).toMatchObject({ runId });
  });

  it('needs a run with a checkpoint', async () => {
    await home.createWithPhantoms(3, 3);
    home.tasks.training = async () => ok({});
    const { runId, jobId } = await home.call('nnunet.train', { configuration: '2d' });
    await home.jobEnd(jobId);
    expect(await home.errorOf('model.export', { runId, output: bundleOf(home) })).toEqual({ code: 'predict/no-model' });
    expect((await home.errorOf('model.export', { runId: 'nothing', output: bundleOf(home) } as never)).code).toBe('not-found');
  });
});

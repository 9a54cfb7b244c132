/** What a training is asked to do: label rules and subjects of the import, folds, the Decathlon task. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrainTask } from '../../main/contract/tasks.ts';
import { configurationOf, parsePlan } from '../../main/nnunet/plan/plan.ts';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
let asked: TrainTask[];
beforeEach(() => {
  rig = ServiceRig.create();
  asked = [];
  rig.tasks.training = async (input, port) => {
    asked.push(input);
    return trainInNoTime(input, port);
  };
});
afterEach(() => rig.dispose());

const RULES = {
  regions: [
    { name: 'whole', labelValues: [1, 2], paintsLabelValue: 1 },
    { name: 'posterior', labelValues: [2], paintsLabelValue: 2 },
  ],
  ignoreLabelValue: 3,
};

/** Six labelled phantoms in a folder as nnU-Net has it; neighbours in number are one person. */
async function importRegions(folder = 'Dataset004_Hippocampus'): Promise<void> {
  const path = join(rig.root, folder);
  mkdirSync(path);
  const made = await runPhantoms(
    { task: 'phantoms', folder: path, caseCount: 6, labelledCount: 6, seed: 1 },
    { tell: () => undefined, stop: { aborted: false } },
  );
  expect(made.ok).toBe(true);
  const labels = { background: 0, whole: [1, 2], posterior: 2, ignore: 3 };
  const json = { modality: { '0': 'MRI' }, labels, regions_class_order: [1, 2] };
  writeFileSync(join(path, 'dataset.json'), JSON.stringify(json));
  writeFileSync(join(path, 'subjects.csv'), [1, 2, 3, 4, 5, 6].map((n) => `phantom_00${n},p${Math.ceil(n / 2)}\n`).join(''));
  await rig.call('project.create', { folder: rig.projectFolder });
  const { jobId } = await rig.call('dataset.import', { paths: [path] });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded', problems: [] });
}

async function trainingOf(input: Parameters<typeof rig.call<'nnunet.train'>>[1]): Promise<TrainTask> {
  const { jobId } = await rig.call('nnunet.train', input);
  expect((await rig.jobEnd(jobId)).state).toBe('succeeded');
  return asked.at(-1)!;
}
const idsOf = (task: TrainTask, role: 'train' | 'validation') => task.cases.filter((one) => one.role === role).map(({ caseId }) => caseId);

describe('a training', () => {
  it('gets regions, ignore label and Decathlon task of the import', async () => {
    await importRegions();
    const { project } = await rig.call('project.current', {});
    expect(project).toMatchObject({ labelRules: RULES, msdTask: '04' });
    expect(project!.legend.map(({ labelValue, name }) => [labelValue, name])).toEqual([
      [1, 'whole'],
      [2, 'posterior'],
      [3, 'ignore'],
    ]);
    expect(await trainingOf({ configuration: '3d_fullres', preset: 'seed' })).toMatchObject({ labelRules: RULES, msdTask: '04' });
    expect(await trainingOf({ configuration: '3d_fullres', msdTask: null, vramGb: 24 })).toMatchObject({ msdTask: null, vramGb: 24 });
  });

  it('holds out whole subjects, and nothing with the fold all', async () => {
    await importRegions();
    const { cases } = await rig.call('dataset.listCases', {});
    expect(cases.map(({ subject }) => subject)).toEqual(['p1', 'p1', 'p2', 'p2', 'p3', 'p3']);
    const held = new Set<string>();
    for (const fold of [0, 1, 2] as const) {
      const validation = idsOf(await trainingOf({ configuration: '2d', fold }), 'validation');
      expect(validation).toHaveLength(2);
      expect(new Set(validation.map((id) => cases.find(({ caseId }) => caseId === id)!.subject)).size).toBe(1);
      for (const id of validation) held.add(id);
    }
    expect(held.size).toBe(6);
    const all = await trainingOf({ configuration: '2d', fold: 'all' });
    expect([idsOf(all, 'train').length, idsOf(all, 'validation').length]).toEqual([6, 0]);
    const [run] = (await rig.call('nnunet.listRuns', {})).runs;
    expect(run).toMatchObject({ fold: 'all' });
    expect(run!.runId).toMatch(/-2d-all(-\d+)?$/);
  });

  it('can be planned and prepared before: files with what the data allow', async () => {
    await importRegions();
    const { jobId } = await rig.call('nnunet.plan', { preset: 'resenc_m', fold: 0, preprocess: ['2d'] });
    const job = await rig.jobEnd(jobId);
    expect(job).toMatchObject({ state: 'succeeded', summary: { preset: 'resenc_m', caseCount: 4, folder: rig.projectFolder } });
    const path = join(rig.projectFolder, 'plans.json');
    const plan = parsePlan(readFileSync(path, 'utf8'), path);
    expect(plan.regions?.map(({ name, classes, paintsClass }) => [name, classes, paintsClass])).toEqual([
      ['whole', [1, 2], 1],
      ['posterior', [2], 2],
    ]);
    expect(plan).toMatchObject({ ignoreClass: 3, ignoreLabelValue: 3 });
    expect(configurationOf(plan, '3d_fullres')).toMatchObject({ architecture: 'residual', decoderConvs: 1 });
    const fingerprint = JSON.parse(readFileSync(join(rig.projectFolder, 'dataset_fingerprint.json'), 'utf8'));
    expect(fingerprint).toMatchObject({ version: 1, medianRelativeSizeAfterCropping: expect.any(Number) });
    expect(fingerprint.spacingsDhwMm).toHaveLength(4);
    // the cases of the fold, the held-out ones too
    const prepared = readdirSync(join(rig.projectFolder, 'preprocessed'), { recursive: true }).map(String);
    expect(prepared.filter((name) => name.endsWith('.chunks'))).toHaveLength(6);
    const missing = await rig.call('nnunet.plan', { preprocess: ['3d_lowres'] });
    expect(await rig.jobEnd(missing.jobId)).toMatchObject({
      state: 'failed',
      error: { code: 'train/configuration-not-planned', configuration: '3d_lowres', planned: ['2d', '3d_fullres'] },
    });
  });

  it('a broken subjects file fails the import with its line', async () => {
    await importRegions();
    const broken = join(rig.root, 'pairs.csv');
    writeFileSync(broken, 'phantom_001');
    const { jobId } = await rig.call('dataset.import', { paths: [rig.root], subjectsFile: broken });
    expect(await rig.jobEnd(jobId)).toMatchObject({
      state: 'failed',
      error: { code: 'import/unreadable', path: broken, detail: "line 1 is not 'case,subject'" },
    });
  });

  it('keeps legend and rules together', async () => {
    await importRegions();
    const { project } = await rig.call('project.current', {});
    const legend = project!.legend.filter(({ labelValue }) => labelValue === 1);
    expect(await rig.errorOf('project.setLegend', { legend })).toEqual({
      code: 'contract/bad-input',
      issues: [
        'labelRules: the ignore label 3 is not in the legend',
        'labelRules: the region whole names label 2, which is not in the legend',
        'labelRules: the region posterior names label 2, which is not in the legend',
      ],
    });
    const labelRules = { regions: null, ignoreLabelValue: null };
    expect(await rig.call('project.setLegend', { legend, labelRules })).toMatchObject({ legend, labelRules });
  });
});

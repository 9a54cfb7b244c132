/** Which case next and how much work it was, through the door that shells use; prediction is a threshold. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { ServiceRig } from './serviceRig.ts';

const toCorrect = CaseId.parse('phantom_005');
const untouched = CaseId.parse('phantom_004');
let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(6, 3);
});
afterEach(() => rig.dispose());

async function trainAndPredict(caseIds?: CaseId[]): Promise<void> {
  await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
  await rig.jobEnd((await rig.call('nnunet.predict', caseIds ? { caseIds } : {})).jobId);
}
async function labelsOf(caseId: CaseId, revision: number): Promise<Uint8Array> {
  return new Uint8Array((await rig.get(bulkUrls.labels(caseId, revision))).bytes);
}

describe('worklist.order', () => {
  it('orders the cases without an accepted mask; before the first model by chance', async () => {
    const { strategy, seed, round, cases } = await rig.call('worklist.order', {});
    expect({ strategy, seed, round }).toEqual({ strategy: 'classBalanced', seed: 0, round: 0 });
    expect(cases.map(({ caseId }) => caseId).sort()).toEqual(['phantom_004', 'phantom_005', 'phantom_006']);
    expect(new Set(cases.map(({ reason }) => reason.kind))).toEqual(new Set(['notMeasured']));
  });

  it('by entropy: the least sure first, as predicted last', async () => {
    await trainAndPredict();
    const { cases } = await rig.call('worklist.order', { strategy: 'entropy' });
    const bits = cases.map(({ uncertainty }) => uncertainty!);
    expect(bits).toEqual([...bits].sort((a, b) => b - a));
    expect(cases[0]!.reason).toEqual({ kind: 'uncertain', bits: bits[0] });
    await rig.call('labels.accept', { caseId: cases[0]!.caseId, revision: 1 });
    expect((await rig.call('worklist.order', { strategy: 'entropy' })).cases).toEqual(cases.slice(1));
    await trainAndPredict([cases[1]!.caseId]);
    expect((await rig.call('worklist.order', {})).round).toBe(1);
  });

  it('remembers a setting for the project when asked to', async () => {
    await rig.call('worklist.order', { strategy: 'random', seed: 7 });
    expect(await rig.call('worklist.order', {})).toMatchObject({ strategy: 'classBalanced', seed: 0 });
    await rig.call('worklist.order', { strategy: 'random', seed: 7, remember: true });
    await rig.restart();
    await rig.call('project.open', { folder: rig.projectFolder });
    expect(await rig.call('worklist.order', {})).toMatchObject({ strategy: 'random', seed: 7 });
    writeFileSync(join(rig.projectFolder, 'worklist.json'), '{');
    expect(await rig.errorOf('worklist.order', {})).toMatchObject({ code: 'disk/corrupt' });
  });
});

describe('the uncertainty map', () => {
  it('comes over the bulk plane, for the prediction only', async () => {
    await trainAndPredict();
    const { grid } = await rig.call('dataset.openCase', { caseId: untouched });
    const map = await rig.get(bulkUrls.uncertainty(untouched, 1));
    expect([map.status, map.bytes.length]).toEqual([200, grid.dimsIjk.reduce((a, b) => a * b, 1)]);
    expect(Math.max(...map.bytes)).toBeGreaterThan(100);
    for (const [caseId, revision] of [
      [untouched, 2],
      [CaseId.parse('phantom_001'), 1],
    ] as const)
      expect((await rig.get(bulkUrls.uncertainty(caseId, revision))).status).toBe(404);
  });
});

describe('effort', () => {
  it('is the time from prediction to acceptance and what was changed on the way', async () => {
    await trainAndPredict();
    const before = await labelsOf(toCorrect, 1);
    const flips = [...before.keys()].filter((n) => before[n] === 1).slice(0, 7);
    const edited = before.slice();
    for (const n of flips) edited[n] = 0;
    const first = await rig.call('labels.save', { caseId: toCorrect, uploadId: await rig.upload(before), parent: 1, activeSeconds: 40 });
    const second = await rig.call('labels.save', { caseId: toCorrect, uploadId: await rig.upload(edited), parent: first.revision, activeSeconds: 20.5 });
    await rig.call('labels.accept', { caseId: toCorrect, revision: second.revision, activeSeconds: 2 });
    await rig.call('labels.accept', { caseId: untouched, revision: 1, activeSeconds: 5 });

    const { cases, rounds } = await rig.call('effort.list', {});
    const of = (caseId: CaseId) => cases.find((one) => one.caseId === caseId)!;
    const inMask = before.reduce((sum, label) => sum + label, 0);
    expect(of(toCorrect)).toMatchObject({ revision: 3, predictedRevision: 1, round: 1, activeSeconds: 62.5, problem: null });
    expect(of(toCorrect).change!.voxelsChanged).toBe(7);
    expect(of(toCorrect).change!.dice).toBeCloseTo((2 * (inMask - 7)) / (2 * inMask - 7), 12);
    expect(of(toCorrect).change!.assdMm).toBeGreaterThan(0);
    expect(of(untouched)).toMatchObject({ revision: 1, predictedRevision: 1, activeSeconds: 5, change: { voxelsChanged: 0, dice: 1, assdMm: 0, hd95Mm: 0 } });
    expect(of(CaseId.parse('phantom_001'))).toMatchObject({ predictedRevision: null, source: null, round: 0, activeSeconds: null, change: null });
    expect(rounds.map(({ round, caseCount }) => [round, caseCount])).toEqual([
      [0, 3],
      [1, 2],
    ]);
    expect(rounds[1]).toMatchObject({ medianActiveSeconds: 33.75, meanVoxelsChanged: 3.5 });
    const tasks = rig.host.inputs.filter((input) => input.task === 'compareMasks');
    expect(tasks.flatMap((task) => (task.task === 'compareMasks' ? task.masks : []))).toHaveLength(5); // each once
  });

  it('outlives a line that a crash cut off, and tells of a mask that cannot be read', async () => {
    await trainAndPredict();
    await rig.call('labels.accept', { caseId: untouched, revision: 1, activeSeconds: 5 });
    await rig.call('effort.list', {});
    const log = join(rig.projectFolder, 'effort.ndjson');
    appendFileSync(log, '{"kind":"active","caseId":"phan');
    writeFileSync(join(rig.projectFolder, 'cases', toCorrect, 'labels', 'r0001.nii.gz'), 'damaged');
    await rig.call('labels.accept', { caseId: toCorrect, revision: 1, activeSeconds: 3 });
    const { cases } = await rig.call('effort.list', {});
    expect(cases.find(({ caseId }) => caseId === untouched)).toMatchObject({ activeSeconds: 5, change: { voxelsChanged: 0 } });
    expect(cases.find(({ caseId }) => caseId === toCorrect)).toMatchObject({ activeSeconds: 3, change: null, problem: { code: 'disk/corrupt' } });
    expect(readFileSync(log, 'utf8')).toContain('"phan\n{"kind":"active","caseId":"phantom_005"');
  });
});

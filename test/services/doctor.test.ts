/** The doctor: finds every damage that is planted, mends what it may, deletes nothing, and tells support nothing of patients. */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaseId, JobId } from '../../main/contract/vocabulary.ts';
import { Database } from '../../main/dataset/database.ts';
import { describeDeed, describeFinding } from '../../main/dataset/doctor/describeFinding.ts';
import { examineProject } from '../../main/dataset/doctor/examineProject.ts';
import type { Finding } from '../../main/dataset/doctor/finding.ts';
import { repairProject } from '../../main/dataset/doctor/repairProject.ts';
import { supportBundle } from '../../main/dataset/doctor/supportBundle.ts';
import { openProject, type ProjectStore, viewProject } from '../../main/dataset/projectStore.ts';
import { runPhantoms } from '../../main/workers/phantoms.ts';
import { ServiceRig } from './serviceRig.ts';

const first = CaseId.parse('phantom_001');
const second = CaseId.parse('phantom_002');
let rig: ServiceRig;
let store: ProjectStore | null = null;

beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(3, 2);
  await rig.call('project.close', {});
});
afterEach(async () => {
  store?.close();
  store = null;
  await rig.dispose();
});

const inProject = (...names: string[]): string => join(rig.projectFolder, ...names);
const maskFile = (caseId: CaseId, revision = 1): string => inProject('cases', caseId, 'labels', `r000${revision}.nii.gz`);

async function look(): Promise<readonly Finding[]> {
  const viewed = await viewProject(rig.projectFolder, { reason: 'inUse', holder: null });
  try {
    return (await examineProject(viewed)).findings;
  } finally {
    viewed.close();
  }
}

async function repair() {
  store = await openProject(rig.projectFolder, Date.now(), { userName: 'doctor', takeOver: false }, false);
  const { findings } = await examineProject(store);
  const deeds = await repairProject(store, findings, 'doctor', 'now');
  store.close();
  store = null;
  return deeds;
}

/** How many bytes lie in the project, the database aside: a repair must not lose any. */
function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/\.db(-wal|-shm)?$|\.lock|holder/.test(name))
    .reduce((sum, entry) => sum + (entry.isDirectory() ? bytesIn(join(folder, entry.name)) : statSync(join(folder, entry.name)).size), 0);
}

function flipBit(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

const kinds = (findings: readonly Finding[]) => findings.map(({ kind }) => kind);

it('finds nothing in a whole project, and says how much it checked', async () => {
  const viewed = await viewProject(rig.projectFolder, { reason: 'inUse', holder: null });
  expect(await examineProject(viewed)).toEqual({ findings: [], checkedMasks: 2, checkedImages: 3 });
  viewed.close();
});

describe('finds', () => {
  it.each<[string, () => void, Finding['kind']]>([
    ['a mask that is gone', () => rmSync(maskFile(first)), 'maskMissing'],
    ['a mask that is cut off', () => writeFileSync(maskFile(first), readFileSync(maskFile(first)).subarray(0, 200)), 'maskDamaged'],
    ['the mask of another case', () => copyFileSync(maskFile(second), maskFile(first)), 'maskDamaged'],
    ['an image that is gone', () => rmSync(inProject('cases', first, 'image_0000.nii')), 'imageMissing'],
    ['an image that is cut off', () => writeFileSync(inProject('cases', first, 'image_0000.nii'), 'x'), 'imageDamaged'],
    ['one flipped bit of an image', () => flipBit(inProject('cases', first, 'image_0000.nii'), 4000), 'imageDamaged'],
    ['one flipped bit in the header of an image, which nobody reads', () => flipBit(inProject('cases', first, 'image_0000.nii'), 200), 'imageDamaged'],
    ['a mask without a row', () => copyFileSync(maskFile(first), maskFile(first, 2)), 'maskWithoutRow'],
    ['a case without a row', () => mkdirSync(inProject('cases', 'stranger')), 'caseWithoutRow'],
    ['a temporary file', () => writeFileSync(inProject('cases', first, '.image.maskloop-tmp'), 'x'), 'temporaryFile'],
    ['an import that was not finished', () => mkdirSync(inProject('cases', '.importing-x')), 'temporaryFile'],
    [
      'strokes that were not saved',
      () => (mkdirSync(inProject('cases', first, 'journal')), writeFileSync(inProject('cases', first, 'journal', 'journal-1.strokes'), 'x')),
      'journal',
    ],
  ])('%s, and says what to do', async (_what, damage, kind) => {
    damage();
    const findings = await look();
    expect(kinds(findings)).toEqual([kind]);
    expect(describeFinding(findings[0]!)).toMatch(/\.$/);
  });

  it('a database whose pages were overwritten', async () => {
    const bytes = readFileSync(inProject('maskloop.db'));
    bytes.fill(0x5a, 4096 * 12, 4096 * 12 + 300);
    writeFileSync(inProject('maskloop.db'), bytes);
    await expect(
      look().then(
        (findings) => kinds(findings).includes('databaseDamaged') || 'not found',
        (thrown: unknown) => JSON.stringify(thrown),
      ),
    ).resolves.toSatisfy((found) => found === true || String(found).includes('disk/corrupt'));
  });
});

describe('repairs', () => {
  it('a mask that is gone by marking it, and takes the mark away when it is back', async () => {
    renameSync(maskFile(first), join(rig.root, 'kept.nii.gz'));
    const [deed] = await repair();
    expect(deed).toMatchObject({ deed: 'markedMissing' });
    expect(describeDeed(deed!)).toContain('marked as missing');
    expect(await look()).toMatchObject([{ kind: 'maskMissing', isMarked: true }]);
    expect(await repair()).toEqual([]);
    await rig.call('project.open', { folder: rig.projectFolder });
    const { cases } = await rig.call('dataset.listCases', {});
    expect(cases.map(({ caseId, warnings }) => [caseId, warnings.map(({ code }) => code)])).toEqual([
      [first, ['disk/corrupt']],
      [second, []],
      ['phantom_003', []],
    ]);
    expect((await rig.call('audit.list', {})).entries.at(-1)).toMatchObject({ action: 'repair', actor: 'doctor', subject: first, facts: { markedMissing: 1 } });
    await rig.call('project.close', {});
    renameSync(join(rig.root, 'kept.nii.gz'), maskFile(first));
    expect(kinds(await look())).toEqual(['maskBack']);
    expect(await repair()).toMatchObject([{ deed: 'markCleared' }]);
    expect(await look()).toEqual([]);
  });

  it('everything else by moving it to lost-and-found: not a byte is deleted', async () => {
    copyFileSync(maskFile(second), maskFile(first));
    copyFileSync(maskFile(first), maskFile(second, 2));
    mkdirSync(inProject('cases', 'stranger'));
    writeFileSync(inProject('cases', 'stranger', 'image_0000.nii'), 'voxels of a patient');
    writeFileSync(inProject('cases', first, 'labels', '.pending-1.nii.gz'), 'half a mask');
    const before = bytesIn(rig.projectFolder);
    const deeds = await repair();
    expect(deeds.map(({ deed }) => deed)).toEqual(['quarantined', 'quarantined', 'quarantined', 'quarantined']);
    expect(bytesIn(rig.projectFolder)).toBe(before);
    expect(readFileSync(inProject('lost-and-found/now/cases/stranger/image_0000.nii'), 'utf8')).toBe('voxels of a patient');
    expect(readFileSync(inProject('lost-and-found/now/cases/phantom_001/labels/.pending-1.nii.gz'), 'utf8')).toBe('half a mask');
    expect(existsSync(inProject('lost-and-found/now/cases/phantom_002/labels/r0002.nii.gz'))).toBe(true);
    expect(kinds(await look())).toEqual(['maskMissing']);
  });

  it('a mask that lost its record by a copy of the database that knows whose it is', async () => {
    // An older database in the place of the newer one: the newer one is the copy.
    mkdirSync(inProject('backups'), { recursive: true });
    copyFileSync(inProject('maskloop.db'), join(rig.root, 'older.db'));
    await rig.call('project.open', { folder: rig.projectFolder });
    const {
      dimsIjk: [ni, nj, nk],
    } = (await rig.call('dataset.openCase', { caseId: first })).grid;
    await rig.call('labels.save', { caseId: first, uploadId: await rig.upload(new Uint8Array(ni * nj * nk).fill(1)), parent: 1 });
    await rig.call('project.close', {});
    renameSync(inProject('maskloop.db'), inProject('backups', 'maskloop-v5-20260101-000000.db'));
    for (const ending of ['-wal', '-shm']) rmSync(inProject(`maskloop.db${ending}`), { force: true });
    copyFileSync(join(rig.root, 'older.db'), inProject('maskloop.db'));
    expect(kinds(await look())).toEqual(['maskWithoutRow']);
    expect(await repair()).toMatchObject([{ deed: 'registered', detail: 'reader' }]);
    expect(await look()).toEqual([]);
    await rig.call('project.open', { folder: rig.projectFolder });
    expect((await rig.call('dataset.openCase', { caseId: first })).revisions).toMatchObject([
      { revision: 1 },
      { revision: 2, parent: 1, author: 'reader', source: 'manual' },
    ]);
    expect((await rig.call('audit.verify', {})).masksMatch).toBe(true);
  });
});

it('gives the images of an older project their hashes, and finds a bit that flips from then on', async () => {
  const database = new Database(inProject('maskloop.db'));
  database.exec("UPDATE cases SET image_json = json_remove(image_json, '$.fileSha256s')");
  database.close();
  const findings = await look();
  expect(kinds(findings)).toEqual(['imageUnhashed', 'imageUnhashed', 'imageUnhashed']);
  expect(describeFinding(findings[0]!)).toContain('--repair records one');
  flipBit(inProject('cases', second, 'image_0000.nii'), 5000); // too late to be found
  expect((await repair()).map(({ deed }) => deed)).toEqual(['hashed', 'hashed', 'hashed']);
  expect(await look()).toEqual([]);
  flipBit(inProject('cases', first, 'image_0000.nii'), 5000);
  expect(await look()).toMatchObject([{ kind: 'imageDamaged', caseId: first, detail: 'image_0000.nii is not as it was imported' }]);
  await rig.call('project.open', { folder: rig.projectFolder });
  expect((await rig.call('audit.list', {})).entries.at(-1)).toMatchObject({ action: 'repair', actor: 'doctor', subject: 'phantom_003' });
});

describe('the support bundle', () => {
  const SECRETS = ['Mustermann', 'Erika', 'PAT4711', '1.2.840.113619', 'liver_of_erika', 'reader', 'Chefarzt'];

  it('names no patient, path, person or case, wherever they were planted', async () => {
    const study = join(rig.root, 'Mustermann^Erika', 'PAT4711');
    await runPhantoms({ task: 'phantoms', folder: study, caseCount: 2, labelledCount: 1, seed: 7 }, { tell: () => undefined, stop: { aborted: false } });
    for (const part of ['imagesTr', 'labelsTr', 'imagesTs']) {
      const folder = join(study, part);
      for (const name of existsSync(folder) ? readdirSync(folder) : [])
        renameSync(join(folder, name), join(folder, name.replace('phantom_00', 'liver_of_erika_')));
    }
    writeFileSync(join(study, 'subjects.csv'), 'case,subject\nliver_of_erika_1,Mustermann\nliver_of_erika_2,PAT4711\n');
    const folder = join(rig.root, 'Projekt Mustermann');
    await rig.call('project.create', { folder, name: 'Erika Mustermann' });
    await rig.jobEnd((await rig.call('dataset.import', { paths: [study], subjectsFile: join(study, 'subjects.csv') })).jobId);
    const { cases } = await rig.call('dataset.listCases', {});
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.every(({ caseId }) => caseId.startsWith('liver_of_erika'))).toBe(true);
    await rig.call('project.setLegend', { legend: [{ labelValue: 1, name: 'Tumor Mustermann', colorRgb: [1, 2, 3] }] });
    await rig.call('dataset.setExcluded', { caseIds: [cases[0]!.caseId], reason: 'Erika bewegt sich, sagt der Chefarzt' });
    await rig.jobEnd((await rig.call('dataset.import', { paths: [join(rig.root, 'Mustermann^Erika', 'nothing')] })).jobId);
    await rig.call('project.close', {});
    for (const { caseId } of cases) appendFileSync(join(folder, 'cases', caseId, 'image_0000.nii'), 'x');
    mkdirSync(join(folder, 'cases', 'Mustermann_2'));
    writeFileSync(join(folder, 'Mustermann.maskloop-tmp'), '');

    store = await openProject(folder, Date.now(), { userName: 'Chefarzt', takeOver: false }, false);
    const jobId = JobId.parse('import-mustermann');
    const stack =
      'ENOENT: /data/Mustermann^Erika/1.2.840.113619.2.nii\n    at readErika (/home/Mustermann/app/dist/main/compute.cjs:12:34)\n    at x (/home/Mustermann/erika.js:1:2)';
    store.jobs.append([
      { type: 'queued', jobId, seq: 0, atMs: 1, kind: 'import', title: 'Import Mustermann', subject: 'Erika' },
      { type: 'started', jobId, seq: 1, atMs: 2 },
      { type: 'problem', jobId, seq: 2, atMs: 2, error: { code: 'import/unreadable', path: '/PAT4711', detail: '1.2.840.113619 of Erika' } },
      { type: 'failed', jobId, seq: 3, atMs: 3, error: { code: 'internal', detail: stack } },
    ]);
    const text = JSON.stringify(supportBundle({ maskloop: '0' }, store, await examineProject(store)));
    for (const secret of [...SECRETS, rig.root, basename(rig.root), 'liver']) expect(text.toLowerCase()).not.toContain(secret.toLowerCase());

    // And still it says what support asks for first.
    expect(JSON.parse(text)).toMatchObject({
      about: { maskloop: '0' },
      project: { schemaVersion: 6, rowCounts: { cases: cases.length }, audit: { firstBroken: null } },
    });
    expect(text).toContain('"kind":"caseWithoutRow"');
    expect(text).toContain('"stack":["compute.cjs:12:34"]');
    expect(text).toContain('"code":"import/unreadable"');
  });
});

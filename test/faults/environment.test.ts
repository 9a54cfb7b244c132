/** What the world does to a project: full disks, drives that go away, folders that move, clocks that are set back. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { Database } from '../../main/dataset/database.ts';
import { examineProject } from '../../main/dataset/doctor/examineProject.ts';
import { migrate } from '../../main/dataset/migrations.ts';
import { SCHEMA_STEPS } from '../../main/dataset/projectSchema.ts';
import { openProject, viewProject } from '../../main/dataset/projectStore.ts';
import { ServiceRig } from '../services/serviceRig.ts';

const caseId = CaseId.parse('phantom_001');
let rig: ServiceRig;

beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(2, 2);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.dispose();
});

const mask = async (revision: number): Promise<Buffer> => (await rig.get(bulkUrls.labels(caseId, revision))).bytes;

async function saveOnes(parent: number): Promise<void> {
  const { length } = await mask(1);
  await rig.call('labels.save', { caseId, uploadId: await rig.upload(new Uint8Array(length).fill(1)), parent });
}

/** Nothing is missing, damaged or lying about. */
async function isWhole(folder: string): Promise<void> {
  const store = await viewProject(folder, { reason: 'inUse', holder: null });
  expect((await examineProject(store)).findings).toEqual([]);
  store.close();
}

describe('a network drive that goes away', () => {
  it('is named as the reason of what fails, and nothing is lost when it is back', async () => {
    await saveOnes(1);
    const uploadId = await rig.upload(new Uint8Array((await mask(1)).length).fill(1));
    const away = `${rig.projectFolder}-away`;
    renameSync(rig.projectFolder, away);
    const gone = { code: 'project/folder-missing', path: rig.projectFolder };
    expect(await rig.errorOf('labels.save', { caseId, uploadId, parent: 2 })).toEqual(gone);
    expect(JSON.parse((await rig.post(new Uint8Array(8))).bytes.toString())).toEqual(gone);
    expect(JSON.parse((await mask(2)).toString())).toEqual(gone);
    expect(await rig.errorOf('nnunet.train', { configuration: '2d' })).toEqual(gone);
    expect(await rig.errorOf('dataset.import', { paths: [join(rig.root, 'nothing')] })).toEqual(gone);
    // It must not come to life as an empty folder under its name: then the drive could not be connected again.
    expect(readdirSync(rig.root)).not.toContain('project');

    renameSync(away, rig.projectFolder);
    // What could not be saved is saved now: the upload waits.
    expect(await rig.call('labels.save', { caseId, uploadId, parent: 2 })).toMatchObject({ revision: 3 });
    await rig.call('project.close', {});
    await isWhole(rig.projectFolder);
  });

  it('that stays away does not keep the project from being closed, and opening says what is wrong', async () => {
    const away = `${rig.projectFolder}-away`;
    renameSync(rig.projectFolder, away);
    await rig.services.close();
    await rig.restart();
    expect(await rig.errorOf('project.open', { folder: rig.projectFolder })).toEqual({ code: 'project/folder-missing', path: rig.projectFolder });
    expect((await rig.call('project.open', { folder: away })).caseCount).toBe(2);
  });
});

it('a project that was moved opens at its new place, with masks, audit trail and models', async () => {
  await saveOnes(1);
  await rig.jobEnd((await rig.call('nnunet.train', { configuration: '2d' })).jobId);
  const before = await mask(2);
  await rig.call('project.close', {});
  const elsewhere = join(rig.root, 'an other place', 'überall');
  mkdirSync(join(elsewhere, '..'), { recursive: true });
  renameSync(rig.projectFolder, elsewhere);
  await isWhole(elsewhere);
  await rig.call('project.open', { folder: elsewhere });
  expect((await mask(2)).equals(before)).toBe(true);
  expect((await rig.call('nnunet.listRuns', {})).runs).toMatchObject([{ hasCheckpoint: true }]);
  expect(await rig.call('audit.verify', {})).toMatchObject({ firstBroken: null, masksMatch: true });
  const { jobId } = await rig.call('export.start', { format: 'nifti', outputFolder: join(rig.root, 'out'), includeUnaccepted: true });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded', summary: { failedCount: 0 } });
});

it('a clock that is set back by a year changes no order: what was saved last is the latest, what was accepted last counts', async () => {
  await saveOnes(1);
  const first = await rig.call('nnunet.train', { configuration: '2d' });
  await rig.jobEnd(first.jobId);
  const aYearAgo = Date.now() - 365 * 86_400_000;
  const realNow = Date.now;
  const setAtMs = realNow();
  vi.spyOn(Date, 'now').mockImplementation(() => aYearAgo + (realNow() - setAtMs));
  await saveOnes(2);
  await rig.call('labels.accept', { caseId, revision: 3 });
  const second = await rig.call('nnunet.train', { configuration: '2d' });
  await rig.jobEnd(second.jobId);
  await rig.call('models.use', { runId: second.runId });
  await rig.call('project.close', {});
  await rig.call('project.open', { folder: rig.projectFolder });

  expect((await rig.call('dataset.listCases', {})).cases[0]).toMatchObject({ latestRevision: 3, acceptedRevision: 3 });
  expect((await rig.call('models.list', {})).currentRunId).toBe(second.runId);
  expect(second.runId).not.toBe(first.runId);
  const { firstBroken, clockSetBack } = await rig.call('audit.verify', {});
  expect(firstBroken).toBeNull();
  expect(clockSetBack).toHaveLength(1);
  expect(clockSetBack[0]!.byMs / 86_400_000).toBeCloseTo(365, 1);
  await rig.call('project.close', {});
  await isWhole(rig.projectFolder);
});

const disk = mkdtempSync(join(tmpdir(), 'maskloop-small-'));
const canMount = platform === 'linux' && getuid?.() === 0 && isMountable();
function isMountable(): boolean {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' });
    execFileSync('/bin/umount', [disk]);
    return true;
  } catch {
    return false; // a container without the right to mount
  }
}

describe.skipIf(!canMount)(`a full disk${canMount ? '' : ' (skipped: mounting a small tmpfs needs root)'}`, () => {
  const folder = join(disk, 'project');
  beforeEach(() => execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]));
  afterEach(() => execFileSync('/bin/umount', ['-l', disk]));

  const fill = (spareBytes: number): void => {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'filler'), new Uint8Array(Math.max(0, bavail * bsize - spareBytes)));
  };
  const makeRoom = (): void => rmSync(join(disk, 'filler'));

  it.each([0, 20_000, 60_000])('with %i bytes left stops a migration before it begins, or lets it happen whole', async (spareBytes) => {
    mkdirSync(folder);
    const database = new Database(join(folder, 'maskloop.db'));
    migrate(database, folder, SCHEMA_STEPS.slice(0, 1));
    database.exec("INSERT INTO project VALUES (1, 'old', '[]', 5)");
    database.close();
    const before = readFileSync(join(folder, 'maskloop.db'));
    fill(spareBytes);
    await expect(openProject(folder)).rejects.toMatchObject({ error: { code: 'disk/full' } });
    expect(readFileSync(join(folder, 'maskloop.db')).subarray(100)).toEqual(before.subarray(100));
    makeRoom();
    const store = await openProject(folder);
    expect([store.project.name, store.damage(), readdirSync(join(folder, 'backups')).length]).toEqual(['old', [], 1]);
    store.close();
  });

  it('lets nothing be accepted without its audit entry, and nothing be on record that did not happen', async () => {
    await rig.call('project.create', { folder });
    await rig.jobEnd((await rig.call('project.addPhantoms', { caseCount: 1, labelledCount: 1 })).jobId);
    fill(0);
    const errors: string[] = [];
    // Each acceptance takes a little of the room that the log of the database still has.
    for (let n = 0; n < 400 && errors.length === 0; n++) {
      await rig.call('labels.accept', { caseId, revision: 1 });
      try {
        await rig.call('dataset.setExcluded', { caseIds: [caseId], reason: `${n} ${'long '.repeat(30)}` });
      } catch (thrown) {
        errors.push(JSON.stringify(thrown));
      }
    }
    expect(errors).toEqual([expect.stringContaining('disk/full')]);
    makeRoom();
    await rig.call('project.close', {});
    const store = await openProject(folder);
    expect(store.damage()).toEqual([]);
    const excluded = [...store.audit.entries()].filter(({ action }) => action === 'exclude');
    expect(store.exclusions.all().get(caseId)?.reason).toBe(excluded.at(-1)?.facts.reason);
    store.close();
  });
});

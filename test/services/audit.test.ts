/** The audit trail of a project in use: what is on record, by whom, and that tampering with the project shows. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeVerification } from '../../main/cli/auditCommand.ts';
import { AuditHead, type AuditEntry } from '../../main/contract/audit.ts';
import { auditCsvLine, auditHeadOf, auditHeadText } from '../../main/contract/auditLines.ts';
import type { CallInput } from '../../main/contract/api.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { Database } from '../../main/dataset/database.ts';
import { ServiceRig } from './serviceRig.ts';

const caseId = CaseId.parse('phantom_001');
let rig: ServiceRig;

beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(3, 2);
});
afterEach(() => rig.dispose());

const entries = async (): Promise<AuditEntry[]> => (await rig.call('audit.list', {})).entries;
const verify = (heads: AuditHead[] = []) => rig.call('audit.verify', { heads });
const reopen = () => rig.call('project.open', { folder: rig.projectFolder });

async function saveMask(): Promise<void> {
  const {
    dimsIjk: [ni, nj, nk],
  } = (await rig.call('dataset.openCase', { caseId })).grid;
  const uploadId = await rig.upload(new Uint8Array(ni * nj * nk).fill(1));
  await rig.call('labels.save', { caseId, uploadId, parent: 1 });
}

/** What somebody with a SQLite shell can do while the project is closed. */
async function tamper(sql: string): Promise<void> {
  await rig.call('project.close', {});
  const database = new Database(join(rig.projectFolder, 'maskloop.db'));
  database.exec(sql);
  database.close();
  await reopen();
}

describe('on record is', () => {
  it('every step of the loop, in order, with the person who asked for it', async () => {
    await rig.call('dataset.openCase', { caseId });
    await saveMask();
    await rig.call('labels.accept', { caseId, revision: 2 });
    await rig.call('dataset.setExcluded', { caseIds: [CaseId.parse('phantom_003')], reason: 'blurred' });
    const { jobId, runId } = await rig.call('nnunet.train', { configuration: '2d' });
    await rig.jobEnd(jobId);
    await rig.jobEnd((await rig.call('nnunet.predict', { caseIds: [CaseId.parse('phantom_003')] })).jobId);
    await rig.call('models.use', { runId });
    await rig.jobEnd((await rig.call('export.start', { format: 'nifti', outputFolder: join(rig.root, 'out') })).jobId);

    const found = await entries();
    expect(found.map(({ action, subject }) => [action, subject])).toEqual([
      ['begin', null],
      ...['phantom_001', 'phantom_002'].flatMap((name) => [
        ['import', name],
        ['import', name],
        ['accept', name],
      ]),
      ['import', 'phantom_003'],
      ['view', caseId],
      ['save', caseId],
      ['accept', caseId],
      ['exclude', 'phantom_003'],
      ['train', runId],
      ['judge', runId],
      ['chooseModel', runId],
      ['predict', 'phantom_003'],
      ['chooseModel', runId],
      ['export', null],
    ]);
    expect(new Set(found.slice(1).map(({ actor }) => actor))).toEqual(new Set(['reader']));
    const saved = (await rig.call('dataset.openCase', { caseId })).revisions[1]!;
    expect(found.find(({ action }) => action === 'save')?.facts).toMatchObject({ revision: 2, sha256: saved.sha256 });
    expect(await verify()).toMatchObject({ firstBroken: null, masksMatch: true, clockSetBack: [], count: found.length });
    const report: unknown = JSON.parse(readFileSync(join(rig.root, 'out', 'export-report.json'), 'utf8'));
    expect(report).toMatchObject({ auditHead: { seq: found.length, sha256: found.at(-1)!.sha256 } });
  });

  it('a case that stays open once, and one that is opened by another person again', async () => {
    for (let n = 0; n < 3; n++) await rig.call('dataset.openCase', { caseId });
    const { handlersOf } = rig.services;
    await handlersOf({ name: 'bo', role: 'reader' })['dataset.openCase']({ caseId });
    expect((await entries()).filter(({ action }) => action === 'view').map(({ actor }) => actor)).toEqual(['reader', 'bo']);
  });
});

describe('verification shows', () => {
  it('a changed entry, even after the guards in the database were taken away', async () => {
    await tamper("DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'somebody else' WHERE seq = 3");
    expect(await verify()).toMatchObject({ firstBroken: { seq: 3, problem: 'changed' } });
  });

  it('a mask whose record was changed, and one that no entry tells of', async () => {
    await tamper("DROP TRIGGER revisions_no_update; UPDATE revisions SET author = 'nobody', sha256 = 'ff' WHERE case_id = 'phantom_002'");
    expect(await verify()).toMatchObject({ firstBroken: null, masksMatch: false });
  });

  it('a trail that was cut short, by the head that the settings of the user remember', async () => {
    await saveMask();
    const { head } = await verify();
    await tamper(`DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq = ${head!.seq}`);
    const cut = await verify();
    expect(cut).toMatchObject({ firstBroken: { seq: head!.seq, problem: 'headMissing' }, remembered: head });
    expect(describeVerification(cut)[0]).toMatch(/^BROKEN: entry \d+ was noted elsewhere and is gone/);
    // Going on does not make it good.
    await rig.call('labels.accept', { caseId, revision: 1 });
    await rig.call('labels.accept', { caseId, revision: 2 });
    await reopen();
    expect(await verify()).toMatchObject({ firstBroken: { seq: head!.seq, problem: 'headDiffers' } });
  });

  it('an older copy of the database in its place, and a head that was kept on paper', async () => {
    await rig.call('project.close', {});
    copyFileSync(join(rig.projectFolder, 'maskloop.db'), join(rig.root, 'older.db'));
    await reopen();
    await saveMask();
    const { head } = await verify();
    await rig.call('project.close', {});
    for (const ending of ['-wal', '-shm']) rmSync(join(rig.projectFolder, `maskloop.db${ending}`), { force: true });
    copyFileSync(join(rig.root, 'older.db'), join(rig.projectFolder, 'maskloop.db'));
    await reopen();
    expect((await verify([AuditHead.parse(head)])).firstBroken).toEqual({ seq: head!.seq, problem: 'headMissing' });
  });
});

describe('a search', () => {
  const found = async (input: CallInput<'audit.search'>) => {
    const { entries: matching, matchCount } = await rig.call('audit.search', input);
    return { list: matching.map(({ seq, action, subject }) => [seq, action, subject]), matchCount };
  };

  it('gives the newest first, page by page, until none is left', async () => {
    const all = (await entries()).map(({ seq }) => seq).reverse();
    const seen: number[] = [];
    for (;;) {
      const { entries: page } = await rig.call('audit.search', { limit: 3, beforeSeq: seen.at(-1) });
      if (page.length === 0) break;
      expect(page.length).toBeLessThanOrEqual(3);
      seen.push(...page.map(({ seq }) => seq));
    }
    expect(seen).toEqual(all);
  });

  it('finds by person, kind and case, and says who is in the trail', async () => {
    await saveMask();
    const newest = (await entries()).length;
    expect(await found({ action: 'save' })).toEqual({ list: [[newest, 'save', 'phantom_001']], matchCount: 1 });
    expect(await found({ subject: 'TOM_003' })).toMatchObject({ list: [[expect.anything(), 'import', 'phantom_003']], matchCount: 1 });
    expect(await found({ actor: 'nobody' })).toEqual({ list: [], matchCount: 0 });
    expect((await found({ actor: 'reader', subject: '001', limit: 1 })).matchCount).toBeGreaterThan(1);
    // a letter of a search is never a pattern
    expect((await found({ subject: 'phantom%' })).matchCount).toBe(0);
    expect((await rig.call('audit.search', {})).actors).toEqual(['maskloop', 'reader']);
    await rig.services.handlersOf({ name: 'bo', role: 'reader' })['dataset.openCase']({ caseId });
    expect((await rig.call('audit.search', {})).actors).toEqual(['bo', 'maskloop', 'reader']);
  });
});

it('a head is noted and read as text', () => {
  const head = { seq: 214, sha256: 'ab'.repeat(32) };
  expect(auditHeadOf(` ${auditHeadText(head)}\n`)).toEqual(head);
  expect(['', '214', `0:${head.sha256}`, '214:xyz'].map(auditHeadOf)).toEqual([null, null, null, null]);
});

it('a table for spreadsheets runs no formula', async () => {
  const [entry] = await entries();
  const line = auditCsvLine({ ...entry!, actor: '=HYPERLINK("http://x")', subject: '+1', facts: { a: 'b,c' } });
  expect(line).toContain(`"'=HYPERLINK(""http://x"")"`);
  expect(line).toContain(",'+1,");
  expect(line).toContain('"{""a"":""b,c""}"');
});

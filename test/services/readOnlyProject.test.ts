/** A project that somebody else writes to, or that nobody can write to, is looked at and exported and never changed. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkUrls, calls, type CallName } from '../../main/contract/api.ts';
import { CaseId, RunId } from '../../main/contract/vocabulary.ts';
import { callService } from '../../main/services/callService.ts';
import { ServiceRig } from './serviceRig.ts';

const caseId = CaseId.parse('phantom_001');
/** Without a mask. */
const other = CaseId.parse('phantom_002');
let owner: ServiceRig;
let guest: ServiceRig;

beforeEach(async () => {
  owner = ServiceRig.create();
  guest = ServiceRig.create();
  await owner.createWithPhantoms(2, 1);
});
afterEach(async () => {
  await guest.dispose();
  await owner.dispose();
});

const open = (rig: ServiceRig, takeOver = false) => rig.call('project.open', { folder: owner.projectFolder, takeOver });
const holderFile = () => join(owner.projectFolder, '.maskloop.holder.json');

/** Size, time and name of everything in the project: what changed shows. An empty log goes when libsql gets round to it. */
function stateOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      const { size, mtimeMs } = statSync(path);
      const isLog = path.endsWith('-shm') || (path.endsWith('-wal') && size === 0);
      if (entry.isDirectory()) return [entry.name, ...stateOf(path)];
      return isLog ? [] : [`${path} ${size} ${mtimeMs}`];
    })
    .sort();
}

/** What every test of a guest may ask: look at everything, export, change nothing. */
async function looksAndExports(rig: ServiceRig): Promise<void> {
  const before = stateOf(owner.projectFolder);
  expect((await rig.call('dataset.listCases', {})).cases).toHaveLength(2);
  expect((await rig.call('dataset.openCase', { caseId })).revisions).toHaveLength(1);
  for (const url of [bulkUrls.volume(caseId, 0), bulkUrls.labels(caseId, 1), bulkUrls.thumbnail(caseId, 1)]) {
    const { status, bytes } = await rig.get(url);
    expect([url, status]).toEqual([url, 200]);
    expect(bytes.length).toBeGreaterThan(0);
  }
  expect((await rig.call('effort.list', {})).cases).toHaveLength(1);
  const { jobId } = await rig.call('export.start', { format: 'nifti', outputFolder: join(rig.root, 'out') });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  expect(existsSync(join(rig.root, 'out', `${caseId}.nii.gz`))).toBe(true);
  expect(stateOf(owner.projectFolder)).toEqual(before);
}

const MEASUREMENT = {
  measurementId: '0b9f0f5a-53a9-4a39-8d0a-2f9f5b7f0c11',
  kind: 'length',
  pointsLpsMm: [
    [0, 0, 0],
    [10, 0, 0],
  ],
  viewPlaneNormal: [0, 0, 1],
  viewUp: [0, -1, 0],
  values: null,
};
/** Plausible input for every call; a schema fills in the rest. */
const INPUT: Partial<Record<CallName, Record<string, unknown>>> = {
  'project.setLegend': { legend: [] },
  'project.changeLegend': { operations: [{ op: 'rename', labelValue: 1, name: 'x' }] },
  'project.addPhantoms': { caseCount: 1, labelledCount: 0 },
  'dataset.import': { paths: ['/nowhere'] },
  'dataset.setExcluded': { caseIds: [caseId], reason: 'blurred' },
  'labels.save': { caseId, uploadId: 'upload-1', parent: 1 },
  'labels.setCompleteness': { caseId, parent: 1, completeness: { unpainted: 'unknown', knownLabels: null, completeSlices: [], completeBoxes: [] } },
  'labels.accept': { caseId, revision: 1 },
  'labels.addMask': { caseId, name: 'Second reader', fromRevision: null },
  'labels.renameMask': { caseId, mask: 1, name: 'First reader' },
  'labels.setMaskDeleted': { caseId, mask: 1, isDeleted: true },
  'labels.setTrainingMask': { caseId, mask: 1 },
  'labels.beginJournal': { caseId, windowId: '0b9f0f5a-53a9-4a39-8d0a-2f9f5b7f0c11', base: 1 },
  'labels.endJournal': { caseId, journalId: 'journal-0123456789abcdef', end: 'discarded' },
  'measurements.put': { caseId, measurement: MEASUREMENT },
  'measurements.remove': { caseId, measurementId: MEASUREMENT.measurementId },
  'labels.restore': { caseId, revision: 1 },
  'worklist.order': { remember: true },
  'nnunet.train': { configuration: '2d' },
  'nnunet.bench': { mode: 'train', configuration: '2d' },
  'nnunet.setAutoRetrain': { afterAccepted: 1, minutes: 1 },
  'nnunet.resume': { runId: 'r' },
  'nnunet.examplePatches': { runId: 'r' },
  'evaluate.start': { of: { kind: 'run', runId: 'r' }, outputFolder: '/out' },
  'model.import': { file: '/nowhere' },
  'models.use': { runId: 'r' },
  'models.pin': { runId: 'r', isPinned: true },
  'models.delete': { runId: 'r' },
  'models.rerun': { runId: 'r' },
  'models.gate': { runId: 'r' },
  'models.compare': { runId: 'r', withRunId: 'q' },
  'models.setRules': { changes: { canaryCount: 1 } },
  'network.retrieve': { node: 'pacs', studies: [{ studyUid: '1.2.3' }] },
  'jobs.moveUp': { jobId: 'j' },
  'jobs.resume': { jobId: 'j' },
  'cluster.check': { cluster: { on: 'slurm' } },
  'network.startReceiver': { station: { aeTitle: 'MASKLOOP', port: 11112 } },
};
/** Those that change no file of a project, by a list of their own: the table of the product must agree. */
const HARMLESS: readonly CallName[] = [
  'app.info',
  'app.checkRuntime',
  'app.gpuRuntime',
  'app.installGpuRuntime',
  'app.downloadGpuRuntime',
  'app.stopGpuDownload',
  'app.removeGpuRuntime',
  'app.pickFolder',
  'app.listFolder',
  'preferences.get',
  'preferences.change',
  'project.recent',
  'project.current',
  'project.create',
  'project.open',
  'project.close',
  'dataset.listCases',
  'dataset.openCase',
  'worklist.figures',
  'effort.list',
  'nnunet.autoRetrain',
  'nnunet.runRecord',
  'nnunet.listRuns',
  'nnunet.metrics',
  'nnunet.predictionFilm',
  'nnunet.filmPicture',
  'cluster.handout',
  'nnunet.predictFolder',
  'nnunet.propose',
  'nnunet.cancelProposal',
  'export.start',
  'export.dataset',
  'model.export',
  'models.list',
  'models.gateReport',
  'network.listNodes',
  'network.saveNode',
  'network.removeNode',
  'network.echo',
  'network.search',
  'network.send',
  'network.stopReceiver',
  'network.status',
  'audit.list',
  'audit.verify',
  'audit.search',
  'jobs.list',
  'jobs.events',
  'jobs.userActive',
  'jobs.cancel',
  'app.openedImages',
  'measurements.list',
  'labels.journals',
];

describe('a second instance', () => {
  it('looks at the project, exports, and is told who has it', async () => {
    const beforeMs = Date.now();
    const { readOnly } = await open(guest);
    expect(readOnly).toMatchObject({ reason: 'inUse', holder: { userName: 'reader', hostName: hostname(), processId: process.pid } });
    expect(readOnly!.holder!.sinceMs).toBeLessThanOrEqual(beforeMs);
    await looksAndExports(guest);
  });

  it('is refused every call that writes, with the reason, and the upload of a mask', async () => {
    await open(guest);
    const before = stateOf(owner.projectFolder);
    const names = (Object.keys(calls) as CallName[]).filter((name) => !HARMLESS.includes(name));
    for (const name of names) {
      const result = await callService(guest.services.handlers, name, INPUT[name] ?? {});
      expect([name, result]).toEqual([
        name,
        { ok: false, error: expect.objectContaining({ code: 'project/read-only', path: owner.projectFolder, reason: 'inUse' }) },
      ]);
    }
    const { status, bytes } = await guest.post(new Uint8Array(8));
    expect([status, JSON.parse(bytes.toString())]).toEqual([409, expect.objectContaining({ code: 'project/read-only' })]);
    expect(stateOf(owner.projectFolder)).toEqual(before);
  });

  it('takes no part in what the first one goes on with, sees it when it tries again, and writes once the first has left', async () => {
    await open(guest);
    await owner.call('dataset.setExcluded', { caseIds: [caseId], reason: 'blurred' });
    expect((await guest.call('dataset.openCase', { caseId })).exclusion).toBeNull();
    expect((await open(guest)).readOnly).toMatchObject({ reason: 'inUse' });
    expect((await guest.call('dataset.openCase', { caseId })).exclusion).toMatchObject({ reason: 'blurred' });
    await owner.call('project.close', {});
    expect((await open(guest)).readOnly).toBeNull();
    await guest.call('labels.accept', { caseId, revision: 1 });
    expect((await open(owner)).readOnly).toMatchObject({ reason: 'inUse' });
  });

  it('leaves no copy of the database behind', async () => {
    const views = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`maskloop-view-${process.pid}-`));
    const dead = join(tmpdir(), 'maskloop-view-999999999-left');
    mkdirSync(dead, { recursive: true });
    const before = views();
    await open(guest);
    expect(existsSync(dead)).toBe(false);
    expect(views().length).toBe(before.length + 1);
    await guest.call('project.close', {});
    expect(views()).toEqual(before);
  });
});

describe('a claim that was never given back', () => {
  const claim = (hostName: string) => writeFileSync(holderFile(), JSON.stringify({ userName: 'ada', hostName, processId: 1, sinceMs: 5 }));
  beforeEach(() => owner.call('project.close', {}));

  it('of a dead process of this computer is taken over', async () => {
    expect(existsSync(holderFile())).toBe(false);
    claim(hostname());
    expect((await open(guest)).readOnly).toBeNull();
    expect(JSON.parse(readFileSync(holderFile(), 'utf8'))).toMatchObject({ userName: 'reader', processId: process.pid });
  });

  it('of another computer is taken over only when a person says so', async () => {
    claim('reading-room-2');
    expect((await open(guest)).readOnly).toMatchObject({ reason: 'otherComputer', holder: { userName: 'ada', hostName: 'reading-room-2' } });
    await looksAndExports(guest);
    expect(readFileSync(holderFile(), 'utf8')).toContain('reading-room-2');
    expect((await open(guest, true)).readOnly).toBeNull();
    await guest.call('project.close', {});
    expect(existsSync(holderFile())).toBe(false);
  });

  it('of another computer is looked at with its passphrase, and the pictures drawn for it are encrypted too', async () => {
    const passphrase = 'horse battery staple';
    await owner.call('project.close', {});
    rmSync(owner.projectFolder, { recursive: true });
    await owner.call('project.create', { folder: owner.projectFolder, passphrase });
    await owner.jobEnd((await owner.call('project.addPhantoms', { caseCount: 2, labelledCount: 1 })).jobId);
    await owner.call('project.close', {});
    claim('reading-room-2');
    expect((await guest.errorOf('project.open', { folder: owner.projectFolder })).code).toBe('project/passphrase-needed');
    expect(await guest.call('project.open', { folder: owner.projectFolder, passphrase })).toMatchObject({
      isEncrypted: true,
      readOnly: { reason: 'otherComputer' },
    });
    await looksAndExports(guest);
    const views = readdirSync(tmpdir()).filter((name) => name.startsWith(`maskloop-view-${process.pid}-`));
    const pictures = views.flatMap((view) =>
      readdirSync(join(tmpdir(), view))
        .filter((name) => name.endsWith('.png'))
        .map((name) => join(tmpdir(), view, name)),
    );
    expect(pictures.length).toBeGreaterThan(0);
    for (const path of pictures) expect(readFileSync(path).toString('latin1', 0, 8)).toBe('MLSEALED');
  });

  it('that cannot be read is a stranger', async () => {
    writeFileSync(holderFile(), '{"userName":');
    expect((await open(guest)).readOnly).toMatchObject({ reason: 'otherComputer', holder: null });
  });

  it('cannot be taken over while its program still runs', async () => {
    await open(owner);
    expect((await open(guest, true)).readOnly).toMatchObject({ reason: 'inUse' });
  });
});

const isRoot = getuid?.() === 0;
const canFreeze = platform === 'linux' && (!isRoot || canMount());
/** Root may write whatever the permissions say; only a read-only mount stops it. */
function canMount(): boolean {
  const probe = join(tmpdir(), `maskloop-mount-${process.pid}`);
  mkdirSync(probe);
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('/bin/umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
}

describe.skipIf(!canFreeze)(`a folder that cannot be written to${canFreeze ? '' : ' (skipped: it takes Linux, and for root the right to mount)'}`, () => {
  const chmodAll = (mode: string) => execFileSync('chmod', ['-R', mode, owner.projectFolder]);
  const freeze = () => {
    if (!isRoot) return chmodAll('a-w');
    execFileSync('/bin/mount', ['--bind', owner.projectFolder, owner.projectFolder]);
    execFileSync('/bin/mount', ['-o', 'remount,bind,ro', owner.projectFolder]);
  };
  const thaw = () => (isRoot ? execFileSync('/bin/umount', [owner.projectFolder]) : chmodAll('u+w'));

  it('opens read-only, with what a crash left in the write-ahead log', async () => {
    await owner.call('dataset.setExcluded', { caseIds: [other], reason: 'only in the log' });
    // As after a power cut: the database and its log as they are now, never checkpointed.
    const crashed = ['maskloop.db', 'maskloop.db-wal'].map((name) => {
      copyFileSync(join(owner.projectFolder, name), join(owner.root, name));
      return name;
    });
    await owner.call('project.close', {});
    for (const name of crashed) copyFileSync(join(owner.root, name), join(owner.projectFolder, name));
    expect(statSync(join(owner.projectFolder, 'maskloop.db-wal')).size).toBeGreaterThan(0);
    freeze();
    try {
      expect((await open(guest)).readOnly).toMatchObject({ reason: 'notWritable', holder: null });
      expect((await guest.call('dataset.openCase', { caseId: other })).exclusion).toMatchObject({ reason: 'only in the log' });
      await looksAndExports(guest);
      expect(await guest.errorOf('models.use', { runId: RunId.parse('r') })).toMatchObject({ code: 'project/read-only', reason: 'notWritable' });
      expect(await guest.errorOf('export.start', { format: 'dicom-seg', outputFolder: join(guest.root, 'seg'), deidentify: true })).toMatchObject({
        code: 'project/read-only',
      });
      await guest.call('project.close', {});
    } finally {
      thaw();
    }
    expect((await open(guest)).readOnly).toBeNull();
  });

  it.skipIf(isRoot)('opens read-only where only the database is protected', async () => {
    await owner.call('project.close', {});
    chmodSync(join(owner.projectFolder, 'maskloop.db'), 0o444);
    expect((await open(guest)).readOnly).toMatchObject({ reason: 'notWritable' });
  });
});

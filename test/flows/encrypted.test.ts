/** A project with a passphrase, through the whole loop with real compute processes: nothing of it can be read on the disk, at any time, and nothing damaged passes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkUrls } from '../../main/contract/api.ts';
import { AppException } from '../../main/contract/errors.ts';
import { WindowId } from '../../main/contract/journal.ts';
import { CaseId, Revision } from '../../main/contract/vocabulary.ts';
import { examineProject } from '../../main/dataset/doctor/examineProject.ts';
import { copyProject } from '../../main/dataset/encryption/copyProject.ts';
import { openProject, viewProject } from '../../main/dataset/projectStore.ts';
import { sha256OfFile } from '../../main/dataset/sha256OfFile.ts';
import { readLabelmap, sha256Of } from '../../main/dataset/storedVolume.ts';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { makeAnatomyPhantom } from '../../main/imaging/anatomyPhantom.ts';
import { openVaults } from '../../main/vault/keyring.ts';
import { readFile } from '../../main/vault/readSealed.ts';
import { readGrowingText } from '../../main/vault/sealedLog.ts';
import { writeDicomPhantoms } from '../../main/workers/dicomPhantoms.ts';
import { modelFile } from '../../main/workers/runFiles.ts';
import { bundleCompute } from '../../main/workers/testing/bundleCompute.ts';
import { ServiceClient } from '../services/serviceClient.ts';

const PASSPHRASE = 'ein langer Satz, den niemand rät';
const tiny = { configuration: '2d', epochs: 1, choices: { stepsPerEpoch: 4, batchSize: 2 } } as const;
const SEED = 900;
const painted = CaseId.parse('phantom_005');

const root = mkdtempSync(join(tmpdir(), 'maskloop-encrypted-loop-'));
const projectFolder = join(root, 'project');
let client: ServiceClient;
let removeBundle = () => {};
let secrets: ReadonlyMap<string, Buffer> = new Map();
/** Files that were looked at, with their size and time. */
const looked = new Map<string, string>();

/** Files that say nothing of patients and are open on purpose. */
const OPEN = new Set(['encryption.json', join('backups', 'encryption.json'), 'project.mlproj', '.maskloop.lock', '.maskloop.holder.json']);
/** Known by their beginning: gzip, PNG, our own files of arrays. */
const MAGICS = [
  Buffer.from([0x1f, 0x8b, 8]),
  Buffer.from('89504e47', 'hex'),
  Buffer.from('MLARRAY1'),
  Buffer.from('MLCHUNK1'),
  Buffer.from('{'),
  Buffer.from('['),
];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    try {
      return filesIn(path);
    } catch {
      return []; // it went meanwhile
    }
  });
}

/** What of a file can be read by whoever has the disk; nothing for one that went meanwhile. */
function readableParts(path: string, isLookedAtAgain: boolean): string[] {
  let bytes: Buffer;
  try {
    const { size, mtimeMs } = statSync(path);
    if (!isLookedAtAgain && looked.get(path) === `${size} ${mtimeMs}`) return [];
    looked.set(path, `${size} ${mtimeMs}`);
    bytes = readFileSync(path);
  } catch {
    return [];
  }
  const name = relative(projectFolder, path);
  if (OPEN.has(name) || OPEN.has(basename(path)) || basename(name).startsWith('.encryption.json')) return [];
  const found = [...secrets].flatMap(([what, secret]) => (bytes.includes(secret) ? [`${name}: ${what}`] : []));
  if (MAGICS.some((magic) => bytes.subarray(0, magic.length).equals(magic))) found.push(`${name}: begins as a file that anybody reads`);
  if (bytes.toString('latin1', 344, 347) === 'n+1' || bytes.toString('latin1', 128, 132) === 'DICM') found.push(`${name}: NIfTI or DICOM`);
  return found;
}

const scan = (isEverything = true): string[] => filesIn(projectFolder).flatMap((path) => readableParts(path, isEverything));

/** While `work` goes on, every file that shows up is looked at too. */
async function watched<T>(work: () => Promise<T>): Promise<T> {
  const state = { isOver: false };
  const seen = new Set<string>();
  const watching = (async () => {
    while (!state.isOver) {
      scan(false).forEach((one) => seen.add(one));
      await sleep(40);
    }
  })();
  try {
    const result = await work();
    scan().forEach((one) => seen.add(one));
    expect([...seen]).toEqual([]);
    return result;
  } finally {
    state.isOver = true;
    await watching;
  }
}

async function succeeded(started: { jobId: string }): Promise<Record<string, unknown>> {
  const job = await client.jobEnd(started.jobId, 300_000);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  return job.summary ?? {};
}

const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return 'no error';
  } catch (thrown) {
    return thrown instanceof AppException ? thrown.error.code : String(thrown);
  }
};

beforeAll(async () => {
  const { script, remove } = await bundleCompute('encrypted');
  removeBundle = remove;
  client = new ServiceClient(createForkComputeHost(script), join(root, 'state'));
  await writeDicomPhantoms(
    { folder: join(root, 'dicom'), anatomy: 'brain', caseCount: 1, labelledCount: 1, seed: SEED },
    { tell: () => {}, stop: { aborted: false }, pause: { isWanted: false } },
  );
  const { image } = makeAnatomyPhantom('brain', SEED);
  const middle = image.subarray(Math.floor(image.length / 2), Math.floor(image.length / 2) + 24);
  secrets = new Map([
    ['name of the patient', Buffer.from('Phantom^Brain')],
    ['id of the patient', Buffer.from(`brain-${SEED + 1}`)],
    ['SQLite', Buffer.from('SQLite format 3')],
    ['name of a label', Buffer.from('anterior')],
    ['JSON', Buffer.from('"caseId"')],
    ['author', Buffer.from('"reader"')],
    ['voxels', Buffer.from(middle.buffer, middle.byteOffset, middle.byteLength)],
    ['passphrase', Buffer.from(PASSPHRASE)],
  ]);
});
afterAll(async () => {
  await client.services.close();
  removeBundle();
  rmSync(root, { recursive: true, force: true });
});

describe('an encrypted project', () => {
  let saved: Uint8Array;
  let outputFolder = '';

  it('goes through the whole loop, and nobody without the passphrase reads anything', async () => {
    await client.call('project.create', { folder: projectFolder, name: 'Loop', passphrase: PASSPHRASE });
    expect((await client.call('project.current', {})).project?.isEncrypted).toBe(true);
    await watched(async () => {
      await succeeded(await client.call('project.addPhantoms', { caseCount: 6, labelledCount: 4 }));
      await succeeded(await client.call('dataset.import', { paths: [join(root, 'dicom')] }));
      const { cases } = await client.call('dataset.listCases', {});
      expect(cases).toHaveLength(7);
      const brain = cases.find(({ caseId }) => !caseId.startsWith('phantom'))!.caseId;
      // the picture, the voxels
      const picture = await client.get(bulkUrls.thumbnail(brain, 1));
      expect(picture.bytes.subarray(1, 4).toString()).toBe('PNG');
      const { image } = makeAnatomyPhantom('brain', SEED);
      const volume = await client.get(bulkUrls.volume(brain, 0));
      expect(volume.bytes.length).toBe(volume.contentLength);
      expect(volume.bytes.length).toBe(image.byteLength);
      // strokes, measurements, a mask
      const detail = await client.call('dataset.openCase', { caseId: painted });
      const { journalId } = await client.call('labels.beginJournal', {
        caseId: painted,
        windowId: WindowId.parse('0b9f0f5a-53a9-4a39-8d0a-2f9f5b7f0c11'),
        base: null,
        recoveredFrom: null,
      });
      const stroke = Buffer.from('anterior stroke of Phantom^Brain');
      expect((await client.services.bulk.append(bulkUrls.journalFrame(painted, journalId, 1, 1), Readable.from([stroke]))).status).toBe(200);
      expect((await client.get(bulkUrls.journal(painted, journalId))).bytes.equals(stroke)).toBe(true);
      await client.call('measurements.put', {
        caseId: painted,
        measurement: {
          measurementId: '0b9f0f5a-53a9-4a39-8d0a-2f9f5b7f0c11',
          kind: 'length',
          pointsLpsMm: [
            [0, 0, 0],
            [10, 0, 0],
          ],
          viewPlaneNormal: [0, 0, 1],
          viewUp: [0, -1, 0],
          values: null,
        },
      });
      const voxelCount = detail.grid.dimsIjk.reduce((a, b) => a * b, 1);
      saved = Uint8Array.from({ length: voxelCount }, (_, n) => (n % 11 === 0 ? 1 : n % 7 === 0 ? 2 : 0));
      const revision = await client.call('labels.save', { caseId: painted, uploadId: await client.upload(saved), parent: null });
      await client.call('labels.accept', { caseId: painted, revision: revision.revision });
      expect(Buffer.from(saved).equals((await client.get(bulkUrls.labels(painted, 1))).bytes)).toBe(true);
    });
    await client.call('dataset.setExcluded', {
      caseIds: (await client.call('dataset.listCases', {})).cases.filter(({ caseId }) => !caseId.startsWith('phantom')).map(({ caseId }) => caseId),
      reason: 'another grid',
    });
    await watched(async () => {
      const first = await client.call('nnunet.train', tiny);
      await succeeded(first);
      const second = await client.call('nnunet.train', { ...tiny, parentRunId: first.runId });
      await succeeded(second);
      expect((await client.call('nnunet.metrics', { runId: first.runId })).metrics.length).toBeGreaterThan(0);
      // two models vote in a scratch file
      expect(await succeeded(await client.call('nnunet.predict', { runIds: [first.runId, second.runId] }))).toMatchObject({
        predictedCount: 1,
        failedCount: 0,
      });
      const { models } = await client.call('models.list', {});
      expect(models.every(({ curves }) => curves.loss.length > 0)).toBe(true);
      expect(await client.call('effort.list', {})).toBeTruthy();
      await client.call('worklist.order', { remember: true, strategy: 'entropy' });
    });
    outputFolder = join(root, 'masks');
    await succeeded(await client.call('export.start', { format: 'nifti', outputFolder }));
    expect(scan()).toEqual([]);
    await client.call('project.close', {});
    expect(openVaults()).toEqual([]);
    expect(scan()).toEqual([]);
    // sealed files begin all alike; were they plain, this test would have nothing to find
    expect(filesIn(projectFolder).filter((path) => readFileSync(path).subarray(0, 8).toString('latin1') === 'MLSEALED').length).toBeGreaterThan(40);
  });

  it('exports what everybody can read, on purpose', () => {
    const exported = readNifti(gunzipSync(readFileSync(join(outputFolder, `${painted}.nii.gz`))), painted);
    expect(Array.from(exported.channels[0]!).reduce((a, b) => a + b, 0)).toBe(saved.reduce((a, b) => a + b, 0));
  });

  it('tells nobody its passphrase: not the events, not what the program keeps for its user', () => {
    expect(JSON.stringify(client.events)).not.toContain(PASSPHRASE);
    for (const path of filesIn(join(root, 'state'))) expect([path, readFileSync(path).includes(PASSPHRASE)]).toEqual([path, false]);
  });

  it('opens with its passphrase alone; then all is there, and the doctor finds nothing', async () => {
    expect((await client.errorOf('project.open', { folder: projectFolder })).code).toBe('project/passphrase-needed');
    const wrong = await client.errorOf('project.open', { folder: projectFolder, passphrase: 'something else entirely' });
    expect(wrong).toEqual({ code: 'project/wrong-passphrase', path: projectFolder });
    await client.restart();
    await client.call('project.open', { folder: projectFolder, passphrase: PASSPHRASE });
    expect(Buffer.from(saved).equals((await client.get(bulkUrls.labels(painted, 1))).bytes)).toBe(true);
    expect((await client.call('measurements.list', { caseId: painted })).measurements).toHaveLength(1);
    expect((await client.call('labels.journals', { caseId: painted })).journals).toHaveLength(1);
    expect((await client.call('nnunet.listRuns', {})).runs.map(({ state }) => state)).toEqual(['finished', 'finished']);
    const copy = await viewProject(projectFolder, { reason: 'inUse', holder: null }, Date.now(), PASSPHRASE);
    try {
      const { findings, checkedMasks, checkedImages } = await examineProject(copy);
      expect(findings.map(({ kind }) => kind)).toEqual(['journal']);
      expect([checkedImages, checkedMasks]).toEqual([7, 7]);
    } finally {
      copy.close();
    }
  });

  it('is copied as a project that anybody reads, and that is copied encrypted, with everything', async () => {
    await client.call('project.close', {});
    const [opened, again] = [join(root, 'opened'), join(root, 'again')];
    const contents: Record<string, string>[] = [];
    const note = async (folder: string, passphrase?: string): Promise<void> => {
      const store = await openProject(folder, Date.now(), undefined, true, passphrase);
      try {
        const [run] = store.runs.list();
        const [journal] = await store.journals.ofCase(painted);
        const strokes = await store.journals.payloads(painted, journal!.journalId, 'reader');
        const chunks: Uint8Array[] = [];
        for await (const chunk of strokes.chunks) chunks.push(chunk);
        contents.push({
          mask: sha256Of((await readLabelmap(store.folder.revision(painted, Revision.parse(1)))).voxels),
          image: await sha256OfFile(store.cases.find(painted)!.image.files[0]!),
          weights: await sha256OfFile(await modelFile(store.folder.run(run!.runId))),
          metrics: await readGrowingText(join(store.folder.run(run!.runId), 'metrics.ndjson')),
          strokes: Buffer.concat(chunks).toString(),
          measurements: (await readFile(store.folder.measurements(painted))).toString(),
          rows: JSON.stringify({ ...store.rowCounts(), audit: 0 }),
        });
        if (folder === projectFolder) {
          const copy = await copyProject(store, opened, undefined);
          expect(copy.leftOut).toEqual([]);
          expect(await codeOf(() => copyProject(store, opened, undefined))).toBe('project/already-exists');
        }
        if (folder === opened) await copyProject(store, again, 'another passphrase');
      } finally {
        store.close();
      }
    };
    await note(projectFolder, PASSPHRASE);
    expect(filesIn(opened).filter((path) => readFileSync(path).includes('MLSEALED'))).toEqual([]);
    expect(readFileSync(join(opened, 'maskloop.db')).toString('latin1', 0, 15)).toBe('SQLite format 3');
    await note(opened);
    expect(filesIn(again).flatMap((path) => readableParts(path, true))).toEqual([]);
    expect(filesIn(opened).some((path) => path.includes('maskloop-tmp')) || readdirSync(root).some((name) => name.includes('maskloop-tmp'))).toBe(false);
    await note(again, 'another passphrase');
    expect(contents[1]).toEqual(contents[0]);
    expect(contents[2]).toEqual(contents[0]);
    await client.call('project.open', { folder: projectFolder, passphrase: PASSPHRASE });
  });

  it('passes no flipped bit of any of its files', async () => {
    const sealed = filesIn(projectFolder).filter((path) => readFileSync(path).subarray(0, 8).toString('latin1') === 'MLSEALED');
    const kinds = new Set(sealed.map((path) => /\.[a-z]+(\.gz)?$/.exec(path)?.[0]));
    expect([...kinds].sort()).toEqual(expect.arrayContaining(['.bin', '.chunks', '.json', '.nii', '.nii.gz', '.ndjson', '.png', '.json.gz']));
    for (const path of sealed) {
      const whole = readFileSync(path);
      const isLog = whole.toString('latin1', 10, 11) === 'l';
      for (let n = 0; n < 4; n++) {
        const at = n === 0 ? 20 : Math.floor(((n - Math.random()) / 3) * whole.length);
        const changed = Buffer.from(whole);
        changed[at]! ^= 1 << (at % 8);
        writeFileSync(path, changed);
        expect(await codeOf(() => (isLog ? readGrowingText(path) : readFile(path))), `${path} at ${at}`).toBe('disk/corrupt');
      }
      writeFileSync(path, whole);
    }
  });

  it('says which file is damaged where the user meets it', async () => {
    const damaged = (path: string): (() => void) => {
      const whole = readFileSync(path);
      const changed = Buffer.from(whole);
      changed[Math.floor(whole.length / 2)]! ^= 1;
      writeFileSync(path, changed);
      return () => writeFileSync(path, whole);
    };
    const caseFolder = join(projectFolder, 'cases', painted);
    const mend = damaged(join(caseFolder, 'labels', 'r0001.nii.gz'));
    await expect(client.get(bulkUrls.labels(painted, 1)).then(({ status, bytes }) => `${status} ${bytes.toString('latin1', 0, 200)}`)).resolves.toContain(
      'disk/corrupt',
    );
    mend();
    const mendImage = damaged(join(caseFolder, 'image_0000.nii'));
    await expect(client.get(bulkUrls.volume(painted, 0))).rejects.toThrow('disk/corrupt');
    mendImage();
    const mendMeasurements = damaged(join(caseFolder, 'measurements.json'));
    expect(await client.errorOf('measurements.list', { caseId: painted })).toMatchObject({ code: 'disk/corrupt', path: join(caseFolder, 'measurements.json') });
    mendMeasurements();
    const [run] = (await client.call('nnunet.listRuns', {})).runs;
    const checkpoint = await modelFile(join(projectFolder, 'runs', run!.runId));
    const mendModel = damaged(checkpoint);
    const job = await client.jobEnd((await client.call('nnunet.predict', { runIds: [run!.runId], caseIds: [CaseId.parse('phantom_006')] })).jobId);
    expect(job).toMatchObject({ state: 'failed', error: { code: 'disk/corrupt', path: checkpoint } });
    mendModel();
  });
});

/** Our DICOM network against Debian's Orthanc, through the services that the window and the command line use. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DicomNode, OwnStation } from '../../main/contract/dicomNetwork.ts';
import { Grid } from '../../main/contract/vocabulary.ts';
import { readDicomFileHead } from '../../main/dicomNetwork/dicomFile.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../reference/sharedData.ts';
import { ServiceRig } from '../services/serviceRig.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';
import { dicomWebNotice, freePort, hasDicomWeb, hasOrthanc, Orthanc, orthancNotice } from './orthanc.ts';

const STUDY = '1.2.826.0.1.3680043.10.999.2';
const SERIES = '1.2.826.0.1.3680043.10.999.1';
const SLICES = 12;
const USER = { name: 'reader', password: 'secret' };
/** Only the bytes of the data set count; the header is ours, or Orthanc's. */
async function datasetOf(path: string): Promise<Buffer> {
  const head = await readDicomFileHead(path);
  return readFileSync(path).subarray(head!.datasetOffsetBytes);
}
function filesBelow(folder: string): string[] {
  return (readdirSync(folder, { recursive: true, withFileTypes: true }) as { name: string; parentPath: string; isFile(): boolean }[])
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .sort();
}

let orthanc: Orthanc;
let rig: ServiceRig;
let ourPort: number;
let phantomFolder: string;
let root: string;

function writePhantom(folder: string, seriesUid: string, slices = SLICES): string {
  mkdirSync(folder, { recursive: true });
  const [ni, nj] = [32, 24];
  const grid = Grid.parse({ dimsIjk: [ni, nj, slices], spacingMm: [1, 1, 2], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] });
  const voxels = Int16Array.from({ length: ni * nj * slices }, (_, n) => ((n * 37) % 2000) - 1000);
  writeDicomSeries(grid, voxels, { seriesUid, patientId: 'PHANTOM-1' }).forEach((bytes, n) =>
    writeFileSync(join(folder, `${String(n).padStart(3, '0')}.dcm`), bytes),
  );
  return folder;
}

const dimse = (facts: Partial<Extract<DicomNode, { kind: 'dimse' }>> = {}): DicomNode => ({
  kind: 'dimse',
  name: 'orthanc',
  aeTitle: 'ORTHANC',
  host: '127.0.0.1',
  port: orthanc.dicomPort,
  tls: false,
  retrieveBy: 'get',
  ...facts,
});
const station = (facts: Partial<OwnStation> = {}): OwnStation => ({ aeTitle: 'MASKLOOP', port: ourPort, listenOn: 'localhost', allowedAeTitles: [], ...facts });

async function sendWhole(node: string, path: string): Promise<{ sent: unknown; refused: string[] }> {
  const { jobId } = await rig.call('network.send', { node, paths: [path] });
  const job = await rig.jobEnd(jobId);
  expect(job.state).toBe('succeeded');
  return { sent: job.summary?.sentCount, refused: job.problems.map((one) => ('path' in one ? one.path : one.code)) };
}
async function freshProject(name: string): Promise<string> {
  const folder = join(root, name);
  await rig.call('project.create', { folder });
  return join(folder, 'inbox');
}

describe.skipIf(!hasOrthanc)(`DICOM network with Orthanc${orthancNotice || (dicomWebNotice && ` (DICOMweb${dicomWebNotice})`)}`, () => {
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'maskloop-network-'));
    ourPort = await freePort();
    orthanc = await Orthanc.start({ modalities: { us: { aeTitle: 'MASKLOOP', port: ourPort } }, user: USER });
    rig = ServiceRig.create();
    phantomFolder = writePhantom(join(root, 'phantom'), SERIES);
    await rig.call('network.saveNode', { node: dimse() });
    await rig.call('network.saveNode', { node: dimse({ name: 'mover', retrieveBy: 'move' }) });
    await rig.call('network.saveNode', {
      node: { kind: 'web', name: 'web', url: `http://127.0.0.1:${orthanc.httpPort}/dicom-web/`, authentication: 'basic', user: USER.name },
      secret: USER.password,
    });
    // The station is kept with the first start of the receiver.
    await freshProject('first');
    await rig.call('network.startReceiver', { station: station() });
    await rig.call('network.stopReceiver', {});
    expect(await sendWhole('orthanc', phantomFolder)).toEqual({ sent: SLICES, refused: [] });
  }, 30_000);

  afterAll(async () => {
    await rig?.dispose();
    await orthanc?.stop();
    if (root) rmSync(root, { recursive: true, force: true });
  });

  it('echoes, and stores byte for byte', async () => {
    expect(await rig.call('network.echo', { node: 'orthanc' })).toMatchObject({ implementation: expect.stringContaining('DCMTK') });
    const objects = await orthanc.objects();
    expect(objects.size).toBe(SLICES);
    for (const path of filesBelow(phantomFolder)) {
      const dataset = await datasetOf(path);
      const head = await readDicomFileHead(path);
      expect(objects.get(head!.sopInstanceUid)!.subarray(-dataset.length).equals(dataset)).toBe(true);
    }
  });

  it.each(['orthanc', ...(hasDicomWeb ? ['web'] : [])])('finds patients, studies and series by keys and wildcards (%s)', async (node) => {
    const search = (query: Record<string, unknown>, limit = 10) => rig.call('network.search', { node, query: { level: 'study', ...query } as never, limit });
    const all = await search({ patientId: 'PHANTOM*' });
    expect(all).toMatchObject({
      isComplete: true,
      studies: [{ patientId: 'PHANTOM-1', studyUid: STUDY, modalities: ['CT'], seriesCount: 1, objectCount: SLICES }],
    });
    expect((await search({ patientId: 'PHANTOM-?', modality: 'CT' })).studies).toHaveLength(1);
    expect((await search({ patientId: 'PHANTOM-?', modality: 'MR' })).studies).toEqual([]);
    expect((await search({ patientId: 'nobody' })).studies).toEqual([]);
    expect((await search({ patientName: 'Müller*' })).studies).toEqual([]);
    expect((await search({ studyDateFrom: '19000101', studyDateTo: '19000102' })).studies).toEqual([]);
    expect(await search({ level: 'patient', patientId: '*1' })).toMatchObject({ patients: [{ patientId: 'PHANTOM-1' }] });
    expect((await search({ level: 'series', studyUid: STUDY })).series).toMatchObject([{ seriesUid: SERIES, modality: 'CT', objectCount: SLICES }]);
  });

  it.each([['orthanc', 'C-GET'], ['mover', 'C-MOVE'], ...(hasDicomWeb ? [['web', 'WADO-RS']] : [])])(
    'retrieves from %s by %s into the inbox, imports, and fetches nothing twice',
    async (node) => {
      const inbox = await freshProject(`retrieve-${node}`);
      const retrieve = async () => rig.jobEnd((await rig.call('network.retrieve', { node, studies: [{ studyUid: STUDY }] })).jobId);
      expect(await retrieve()).toMatchObject({ state: 'succeeded', problems: [], summary: { receivedCount: SLICES, presentCount: 0 } });
      const [sent, received] = [filesBelow(phantomFolder), filesBelow(join(inbox, STUDY, SERIES))];
      const datasets = async (paths: string[]) => (await Promise.all(paths.map(datasetOf))).map((bytes) => bytes.toString('base64')).sort();
      expect(await datasets(received)).toEqual(await datasets(sent));
      const { cases } = await rig.call('dataset.listCases', {});
      expect(cases).toMatchObject([{ modality: 'CT', grid: { dimsIjk: [32, 24, SLICES] } }]);
      expect(cases[0]!.sourcePath.startsWith(inbox)).toBe(true);
      // An interrupted retrieval: a part is missing.
      received.slice(0, 5).forEach((path) => rmSync(path));
      expect(await retrieve()).toMatchObject({ state: 'succeeded', summary: { receivedCount: 5, presentCount: SLICES - 5 } });
      expect(await datasets(filesBelow(join(inbox, STUDY, SERIES)))).toEqual(await datasets(sent));
      expect(await retrieve()).toMatchObject({ state: 'succeeded', summary: { receivedCount: 0, presentCount: SLICES } });
    },
  );

  it('receives while two send at once, and imports what is quiet', async () => {
    const inbox = await freshProject('receive');
    const folders = ['a', 'b'].map((name, n) => writePhantom(join(root, name), `${SERIES}.7${n}`, 20));
    await rig.call('network.startReceiver', { station: station({ allowedAeTitles: ['FRIEND'] }) });
    const us = dimse({ aeTitle: 'MASKLOOP', port: ourPort });
    await rig.call('network.saveNode', { node: { ...us, name: 'ourselves' } });
    // We call as MASKLOOP, which is not allowed to send.
    expect(await rig.errorOf('network.echo', { node: 'ourselves' })).toMatchObject({ code: 'network/rejected', reason: 'calling-ae-title' });
    await rig.call('network.saveNode', { node: { ...dimse({ aeTitle: 'OTHER', port: ourPort }), name: 'misnamed' } });
    expect(await rig.errorOf('network.echo', { node: 'misnamed' })).toMatchObject({ code: 'network/rejected', reason: 'called-ae-title' });
    await rig.call('network.startReceiver', { station: station({ allowedAeTitles: ['MASKLOOP'] }) });
    expect((await rig.call('network.echo', { node: 'ourselves' })).implementation).toBe('MASKLOOP');
    const { sendByDimse } = await import('../../main/dicomNetwork/dimseSending.ts');
    const { filesToSend } = await import('../../main/dicomNetwork/sending.ts');
    const sent: string[] = [];
    const node = { ...us, name: 'ourselves' } as never;
    await Promise.all(
      folders.map(async (folder) =>
        sendByDimse({ node, aeTitle: 'MASKLOOP' }, await filesToSend([folder], () => {}), {
          stop: { aborted: false },
          onSent: (path) => sent.push(path),
          onRefused: (path, why) => expect(`${path}: ${why}`).toBe(''),
        }),
      ),
    );
    expect(sent).toHaveLength(40);
    expect(filesBelow(inbox)).toHaveLength(40);
    const { jobs } = await rig.call('jobs.list', {});
    expect(jobs).toEqual([]);
    await expect.poll(async () => (await rig.call('dataset.listCases', {})).cases.length, { timeout: 12_000, interval: 200 }).toBe(2);
    expect(await rig.call('network.status', {})).toMatchObject({ isRunning: true, receivedCount: 40, last: { callingAeTitle: 'MASKLOOP', studyUid: STUDY } });
    // A second program wants the same port.
    const taken = await rig.call('network.stopReceiver', {});
    expect(taken.isRunning).toBe(false);
    expect(await rig.errorOf('network.startReceiver', { station: station({ port: orthanc.dicomPort }) })).toEqual({
      code: 'network/port-in-use',
      port: orthanc.dicomPort,
    });
    await rig.call('network.startReceiver', { station: station() });
    await rig.call('network.stopReceiver', {});
  }, 25_000);

  it('says what is wrong with an address, a name or a password', async () => {
    const echoOf = async (node: DicomNode, secret?: string) => {
      await rig.call('network.saveNode', { node: { ...node, name: 'wrong' }, secret });
      return rig.errorOf('network.echo', { node: 'wrong' });
    };
    const port = await freePort();
    expect(await echoOf(dimse({ aeTitle: 'NOBODY' }))).toMatchObject({ code: 'network/rejected', reason: 'called-ae-title', calledAeTitle: 'NOBODY' });
    expect(await echoOf(dimse({ port }))).toMatchObject({ code: 'network/unreachable', reason: 'refused' });
    expect(await echoOf(dimse({ host: 'no-such-host.invalid' }))).toMatchObject({ code: 'network/unreachable', reason: 'unknown-host' });
    expect(await echoOf(dimse({ port: orthanc.httpPort }))).toMatchObject({ code: expect.stringMatching(/network\/(bad-answer|unreachable)/) });
    expect(await echoOf(dimse({ tls: true }))).toMatchObject({ code: expect.stringMatching(/network\/(tls|unreachable)/) });
    if (!hasDicomWeb) return;
    const web = { kind: 'web', name: 'wrong', url: `http://127.0.0.1:${orthanc.httpPort}/dicom-web`, authentication: 'basic', user: USER.name } as const;
    expect(await echoOf(web, 'guess')).toMatchObject({ code: 'network/unauthorized', status: 401 });
    expect(await echoOf({ ...web, url: `http://127.0.0.1:${orthanc.httpPort}/nothing` }, USER.password)).toMatchObject({
      code: 'network/failed',
      status: '404',
    });
    expect(await echoOf({ ...web, url: `https://127.0.0.1:${orthanc.httpPort}/dicom-web` }, USER.password)).toMatchObject({ code: 'network/tls' });
    expect(await echoOf({ ...web, url: `http://127.0.0.1:${port}/dicom-web` }, USER.password)).toMatchObject({
      code: 'network/unreachable',
      reason: 'refused',
    });
  });

  it('a station that Orthanc does not know', async () => {
    await rig.call('network.startReceiver', { station: station({ aeTitle: 'STRANGER', port: await freePort() }) });
    await rig.call('network.stopReceiver', {});
    expect(await rig.errorOf('network.search', { node: 'orthanc', query: { level: 'study' } })).toMatchObject({
      code: expect.stringMatching(/network\/(rejected|failed)/),
    });
    await rig.call('network.startReceiver', { station: station() });
    await rig.call('network.stopReceiver', {});
  });

  it('a study that is not there, and a node that is not configured', async () => {
    await freshProject('nothing');
    const { jobId } = await rig.call('network.retrieve', { node: 'orthanc', studies: [{ studyUid: '1.2.3.4' }] });
    expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'failed', error: { code: 'network/nothing-to-retrieve', studyUid: '1.2.3.4' } });
    expect(await rig.errorOf('network.echo', { node: 'nobody' })).toEqual({ code: 'network/unknown-node', node: 'nobody' });
  });

  it.each([['orthanc'], ['mover'], ...(hasDicomWeb ? [['web']] : [])])(
    'stops in the middle, and goes on (%s)',
    async (node) => {
      const inbox = await freshProject(`cancel-${node}`);
      if (node === 'orthanc') await sendWhole('orthanc', writePhantom(join(root, 'long'), `${SERIES}.99`, 40));
      const wanted = { node, studies: [{ studyUid: STUDY, seriesUids: [`${SERIES}.99`] }] };
      const { jobId } = await rig.call('network.retrieve', wanted);
      await expect
        .poll(
          () => {
            try {
              return filesBelow(join(inbox, STUDY)).length;
            } catch {
              return 0;
            }
          },
          { timeout: 10_000, interval: 5 },
        )
        .toBeGreaterThan(0);
      await rig.call('jobs.cancel', { jobId });
      expect((await rig.jobEnd(jobId)).state).toBe('cancelled');
      const left = filesBelow(join(inbox, STUDY)).length;
      const again = await rig.jobEnd((await rig.call('network.retrieve', wanted)).jobId);
      expect(again).toMatchObject({ state: 'succeeded', problems: [], summary: { presentCount: left, receivedCount: 40 - left } });
      expect(readdirSync(join(inbox, '.retrieving'))).toEqual([]);
    },
    20_000,
  );
});

describe.skipIf(!hasOrthanc || !hasSharedData || !hasDicomPython)(
  `real objects travel as they are${orthancNotice}${sharedDataNotice}${dicomPythonNotice}`,
  () => {
    const ways = ['orthanc', 'mover', ...(hasDicomWeb ? ['web'] : [])];
    let pacs: Orthanc;
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'maskloop-network-'));
      ourPort = await freePort();
      pacs = await Orthanc.start({ modalities: { us: { aeTitle: 'MASKLOOP', port: ourPort } }, user: USER });
      orthanc = pacs;
      rig = ServiceRig.create();
      await rig.call('network.saveNode', { node: dimse() });
      await rig.call('network.saveNode', { node: dimse({ name: 'mover', retrieveBy: 'move' }) });
      await rig.call('network.saveNode', {
        node: { kind: 'web', name: 'web', url: `http://127.0.0.1:${pacs.httpPort}/dicom-web`, authentication: 'basic', user: USER.name },
        secret: USER.password,
      });
      await freshProject('first');
      await rig.call('network.startReceiver', { station: station() });
      await rig.call('network.stopReceiver', {});
    }, 30_000);
    afterAll(async () => {
      await rig?.dispose();
      await pacs?.stop();
      rmSync(root, { recursive: true, force: true });
    });

    it('compressed images and segmentations, there and back, to pydicom the same', async () => {
      const sources = [
        join(SHARED_DATA, 'dicom_transfer_syntaxes/pydicom'),
        join(SHARED_DATA, 'dicom_transfer_syntaxes/cornerstone_ct'),
        join(SHARED_DATA, 'dicom_seg_interop/dcmqi/segmentations'),
      ];
      // One file of each object: several of these are one image in several transfer syntaxes.
      const files = new Map<string, string>();
      for (const path of sources.flatMap(filesBelow)) {
        const head = await readDicomFileHead(path);
        if (head && !files.has(head.sopInstanceUid)) files.set(head.sopInstanceUid, path);
      }
      const { jobId } = await rig.call('network.send', { node: 'orthanc', paths: [...files.values()] });
      const job = await rig.jobEnd(jobId);
      // Orthanc 1.10 knows no HTJ2K, and wants a patient in every object.
      expect(job.problems.map((one) => ('path' in one ? one.path.split('/').at(-1) : one.code)).sort()).toEqual([
        'HTJ2KLossless_08_RGB.dcm',
        'JPEGLSNearLossless_16.dcm',
      ]);
      expect(job.summary?.sentCount).toBe(files.size - 2);
      const { studies } = await rig.call('network.search', { node: 'orthanc', query: { level: 'study' } });
      const syntaxes = new Set<string>();
      for (const way of ways) {
        const inbox = await freshProject(`real-${way}`);
        const end = await rig.jobEnd((await rig.call('network.retrieve', { node: way, studies: studies.map(({ studyUid }) => ({ studyUid })) })).jobId);
        expect(end.summary).toMatchObject({ receivedCount: files.size - 2 });
        const pairs: [string, string][] = [];
        for (const path of filesBelow(inbox)) {
          const head = (await readDicomFileHead(path))!;
          syntaxes.add(head.transferSyntaxUid);
          const original = files.get(head.sopInstanceUid)!;
          expect((await readDicomFileHead(original))!.transferSyntaxUid).toBe(head.transferSyntaxUid);
          pairs.push([path, original]);
        }
        const same = askPython<string[][]>(
          `import sys, json, pydicom
# Orthanc writes group lengths anew and leaves trailing padding out.
def values(d): return [(e.tag, [values(i) for i in e.value] if e.VR == 'SQ' else e.value) for e in d if e.tag.element != 0 and e.tag != 0xfffcfffc]
def same(a, b):
    a, b = (pydicom.dcmread(p, force=True) for p in (a, b))
    return [str((x, y))[:300] for x, y in zip(values(a), values(b)) if x != y] + ([] if len(values(a)) == len(values(b)) else ['length'])
print(json.dumps([same(a, b) for a, b in json.loads(sys.argv[1])]))`,
          JSON.stringify(pairs),
        );
        expect(same.flat()).toEqual([]);
      }
      expect(syntaxes.size).toBeGreaterThanOrEqual(4);
      // And back to a node.
      if (hasDicomWeb) expect(await sendWhole('web', join(root, 'real-web', 'inbox'))).toEqual({ sent: files.size - 2, refused: [] });
    }, 40_000);
  },
);

/**
 * A program of its own that works on a project until it is killed: real services, real compute processes. It says on standard
 * output what it was promised, one JSON object per line, written before anything else happens.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { CallInput, CallName, CallOutput } from '../../main/contract/api.ts';
import { AppException } from '../../main/contract/errors.ts';
import { type CaseId, type MaskNumber, type Revision, UploadId } from '../../main/contract/vocabulary.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { callService } from '../../main/services/callService.ts';
import { createServices } from '../../main/services/createServices.ts';
import type { Services } from '../../main/services/services.ts';
import { seededRandom } from '../../main/imaging/phantom.ts';
import type { Promised, VictimOrder } from './order.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as VictimOrder;
const random = seededRandom(order.seed);
const services: Services = createServices({
  compute: createForkComputeHost(order.computeScript),
  host: { shell: 'cli', version: '0', userName: 'victim', stateFolder: order.stateFolder },
});

/** Of the rounds of saving, so many begin with another mask of the case. */
const NEW_MASK_SHARE = 0.2;
const tell = (promised: Promised): void => void writeSync(1, `${JSON.stringify(promised)}\n`);

async function call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
  const result = await callService(services.handlers, name, input);
  if (!result.ok) throw new AppException(result.error);
  return result.value as CallOutput<K>;
}

function jobEnd(jobId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = services.subscribe((event) => {
      if (event.type !== 'job' || event.event.jobId !== jobId) return;
      const { event: news } = event;
      if (news.type !== 'succeeded' && news.type !== 'failed' && news.type !== 'cancelled') return;
      stop();
      if (news.type === 'succeeded') resolve();
      else reject(new Error(JSON.stringify(news)));
    });
  });
}

async function importCases(): Promise<void> {
  services.subscribe((event) => {
    if (event.type === 'cases') for (const caseId of event.caseIds) tell({ kind: 'case', caseId });
  });
  const { jobId } = await call('dataset.import', { paths: [order.studyFolder] });
  await jobEnd(jobId);
}

async function saveOne(caseId: CaseId, voxelCount: number, labels: readonly number[], parent: Revision | null, mask: MaskNumber): Promise<Revision> {
  const voxels = Uint8Array.from({ length: voxelCount }, () => labels[Math.floor(random() * labels.length)]!);
  const answer = await services.bulk.upload(Readable.from([Buffer.from(voxels)]));
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body) chunks.push(Buffer.from(chunk));
  const uploadId = UploadId.parse((JSON.parse(Buffer.concat(chunks).toString()) as { uploadId: unknown }).uploadId);
  const { revision } = await call('labels.save', { caseId, uploadId, parent, mask });
  tell({ kind: 'mask', caseId, revision, sha256: createHash('sha256').update(voxels).digest('hex') });
  await call('labels.accept', { caseId, revision });
  tell({ kind: 'accepted', caseId, revision });
  return revision;
}

async function saveMasks(): Promise<void> {
  const { legend } = await call('project.current', {}).then(({ project }) => project!);
  const labels = [0, ...legend.map(({ labelValue }) => labelValue)];
  const { cases } = await call('dataset.listCases', {});
  for (;;) {
    const { caseId, grid } = cases[Math.floor(random() * cases.length)]!;
    const [ni, nj, nk] = grid.dimsIjk;
    if (random() < NEW_MASK_SHARE) await addMask(caseId);
    const { masks } = await call('dataset.openCase', { caseId });
    const { mask, latestRevision } = masks[Math.floor(random() * masks.length)]!;
    await saveOne(caseId, ni * nj * nk, labels, latestRevision, mask);
  }
}

/** A copy of the training mask, which becomes the training mask: its number is the highest. */
async function addMask(caseId: CaseId): Promise<void> {
  const { latestRevision } = await call('dataset.openCase', { caseId });
  const name = `copy of ${latestRevision} ${randomBytes(3).toString('hex')}`;
  const { mask, latestRevision: copied } = await call('labels.addMask', { caseId, name, fromRevision: latestRevision });
  tell({ kind: 'namedMask', caseId, mask, name, copied: copied! });
  await call('labels.setTrainingMask', { caseId, mask });
  tell({ kind: 'training', caseId, mask });
}

async function exportMasks(): Promise<void> {
  for (;;) {
    await jobEnd((await call('export.start', { format: 'nifti', outputFolder: order.outputFolder })).jobId);
    const report = JSON.parse(readFileSync(join(order.outputFolder, 'export-report.json'), 'utf8')) as { files: { name: string; sha256: string }[] };
    for (const { name, sha256 } of report.files) tell({ kind: 'file', name, sha256 });
  }
}

async function train(): Promise<void> {
  for (;;) {
    const { runs } = await call('nnunet.listRuns', {});
    const halted = runs.find(({ state }) => state === 'interrupted');
    const { jobId, runId } = halted
      ? await call('nnunet.resume', { runId: halted.runId })
      : await call('nnunet.train', { configuration: '2d', epochs: 50, choices: { stepsPerEpoch: 4, batchSize: 2 } });
    services.subscribe((event) => {
      if (event.type === 'runs')
        void call('nnunet.listRuns', {}).then(({ runs: now }) =>
          now.filter(({ hasCheckpoint }) => hasCheckpoint).forEach(({ runId: id, epoch }) => tell({ kind: 'checkpoint', runId: id, epoch })),
        );
    });
    tell({ kind: 'run', runId });
    await jobEnd(jobId);
  }
}

async function main(): Promise<void> {
  // Said before the project is opened: a migration happens in there.
  tell({ kind: 'ready' });
  const { readOnly } = await call('project.open', { folder: order.projectFolder, passphrase: order.passphrase });
  if (readOnly) throw new Error(`read-only: ${JSON.stringify(readOnly)}`);
  tell({ kind: 'open', nonce: randomBytes(2).toString('hex') });
  const work = { import: importCases, save: saveMasks, export: exportMasks, train, migrate: () => Promise.resolve() }[order.scenario];
  await work();
  tell({ kind: 'done' });
  await services.close();
}

main().catch((thrown: unknown) => {
  console.error(thrown instanceof AppException ? JSON.stringify(thrown.error) : thrown);
  process.exit(1);
});

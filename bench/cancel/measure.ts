/** Cancels jobs in the middle of what keeps a process busy longest, and measures how long each takes to end. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppEvent } from '../../main/contract/api.ts';
import type { Progress } from '../../main/contract/jobs.ts';
import { CaseId } from '../../main/contract/vocabulary.ts';
import { writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { createForkComputeHost } from '../../main/host/forkComputeHost.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { seededRandom } from '../../main/imaging/phantom.ts';
import { encapsulate } from '../../test/phantoms/encapsulate.ts';
import { encodeFrame } from '../../test/phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../../test/phantoms/writeDicomSeries.ts';
import { ServiceClient } from '../../test/services/serviceClient.ts';

interface Order {
  readonly root: string;
  readonly computeScript: string;
  readonly rounds: number;
}

export interface CancelFigure {
  readonly what: string;
  readonly cancels: number;
  /** Of these, how many ended as cancelled: the others had succeeded before. */
  readonly cancelled: number;
  readonly slowestMs: number;
}

const CASE = CaseId.parse('large');
const SIDE = 512;
const SLICES = 160;
/** A training asked for now reaches its first step after that at the latest. */
const PATIENCE_MS = 300_000;

async function measure({ root, computeScript, rounds }: Order): Promise<void> {
  const client = new ServiceClient(createForkComputeHost(computeScript), join(root, 'state'));
  const figures: CancelFigure[] = [];
  const run = async (what: string, phase: Progress['phase'], extraMs: number, start: () => Promise<{ jobId: string }>): Promise<void> => {
    const times: number[] = [];
    let cancelled = 0;
    for (let round = 0; round < rounds; round++) {
      const { ms, state } = await cancelOne(client, phase, extraMs * (1 + round / rounds), start);
      times.push(ms);
      if (state === 'cancelled') cancelled++;
      console.error(`${what}: ${Math.round(ms)} ms, ${state}`);
    }
    figures.push({ what, cancels: rounds, cancelled, slowestMs: Math.round(Math.max(...times)) });
  };

  await client.call('project.create', { folder: join(root, 'project') });
  await client.jobEnd((await client.call('project.addPhantoms', { caseCount: 4, labelledCount: 4 })).jobId, PATIENCE_MS);
  const quick = await client.call('nnunet.train', {
    configuration: '3d_fullres',
    fold: 'all',
    epochs: 1,
    memory: 'ignore',
    choices: { stepsPerEpoch: 1, batchSize: 1 },
  });
  const trained = await client.jobEnd(quick.jobId, PATIENCE_MS);
  if (trained.state !== 'succeeded') throw new Error(JSON.stringify(trained.error));
  await importLarge(client, root);

  await run('a training in a long step', 'training', 2000, () =>
    client.call('nnunet.train', { configuration: '3d_fullres', fold: 'all', epochs: 50, memory: 'ignore', choices: { stepsPerEpoch: 50, batchSize: 96 } }),
  );
  await run('a prediction of a large volume', 'predicting', 3000, () =>
    client.call('nnunet.predict', { caseIds: [CASE], runIds: [quick.runId], mirror: true, memory: 'ignore' }),
  );
  const series = writeCompressedSeries(root);
  await run('an import of a compressed series', 'reading', 500, () => client.call('dataset.import', { paths: [series] }));
  await run('an export of large masks', 'writing', 200, () =>
    client.call('export.start', { format: 'dicom-seg', outputFolder: join(root, 'out'), caseIds: [CASE], includeUnaccepted: true }),
  );
  await client.services.close();
  console.log(JSON.stringify(figures));
}

/** From the call that cancels to the event of the end. */
async function cancelOne(
  client: ServiceClient,
  phase: Progress['phase'],
  extraMs: number,
  start: () => Promise<{ jobId: string }>,
): Promise<{ ms: number; state: string }> {
  client.events.length = 0;
  const { jobId } = await start();
  await eventOf(client, jobId, (event) => event.type !== 'progress' || event.progress.phase === phase, ['progress', 'succeeded', 'failed']);
  await sleep(extraMs);
  const began = performance.now();
  await client.call('jobs.cancel', { jobId });
  const end = await eventOf(client, jobId, () => true, ['cancelled', 'succeeded', 'failed']);
  if (end.type === 'failed') throw new Error(JSON.stringify(end));
  return { ms: performance.now() - began, state: end.type };
}

type JobNews = Extract<AppEvent, { type: 'job' }>['event'];

async function eventOf(client: ServiceClient, jobId: string, isWanted: (event: JobNews) => boolean, types: readonly JobNews['type'][]): Promise<JobNews> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(2)) {
    const found = client.events
      .flatMap((one) => (one.type === 'job' ? [one.event] : []))
      .find((event) => event.jobId === jobId && types.includes(event.type) && isWanted(event));
    if (found) return found;
  }
  throw new Error(`${jobId}: none of ${types.join(', ')} came`);
}

/** A CT by formula and a mask of it without long runs, so that both take a while. */
async function importLarge(client: ServiceClient, root: string): Promise<void> {
  const grid = gridFromAffine([SIDE, SIDE, SLICES], [-0.7, 0, 0, 0, 0, -0.7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const folder = join(root, 'images');
  mkdirSync(folder);
  const random = seededRandom(1);
  const voxels = Int16Array.from({ length: SIDE * SIDE * SLICES }, () => Math.round(random() * 400 - 200));
  await writeStoredChannel(join(folder, `${CASE}.nii`), grid, voxels);
  const imported = await client.jobEnd((await client.call('dataset.import', { paths: [folder] })).jobId, PATIENCE_MS);
  if (imported.state !== 'succeeded') throw new Error(JSON.stringify(imported.error));
  const { legend } = (await client.call('project.current', {})).project!;
  const labels = [0, ...legend.map(({ labelValue }) => labelValue)];
  const mask = Uint8Array.from({ length: voxels.length }, () => labels[Math.floor(random() * labels.length)]!);
  await client.call('labels.save', { caseId: CASE, uploadId: await client.upload(mask), parent: null });
}

/** JPEG 2000, each slice of its own. */
function writeCompressedSeries(root: string): string {
  const folder = join(root, 'series');
  mkdirSync(folder);
  const random = seededRandom(2);
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, () => Math.floor(random() * 4096));
  const frame = encodeFrame('jpeg2000', pixels, { rows: SIDE, columns: SIDE, bits: 12 });
  const grid = gridFromAffine([SIDE, SIDE, SLICES], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const natives = writeDicomSeries(grid, new Int16Array(SIDE * SIDE * SLICES), { declaredSyntax: '1.2.840.10008.1.2.4.90' });
  for (const [n, native] of natives.entries()) writeFileSync(join(folder, `${n}.dcm`), encapsulate(native, [new Uint8Array(0), frame]));
  return folder;
}

void measure(JSON.parse(process.argv[2] ?? '{}') as Order);

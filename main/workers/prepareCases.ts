/** Preparation of many cases, several at once in threads of the compute process. */
import { freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AppException } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { Progress } from '../contract/jobs.ts';
import type { StoredImage, TrainCase } from '../contract/tasks.ts';
import type { CaseFingerprint } from '../nnunet/plan/fingerprint.ts';
import { builtFile } from '../dataset/read/builtFile.ts';
import { usableCores } from '../dataset/usableCores.ts';
import { runPreparation, type FromThread, type PreparationRequest, type PreparationResult } from './preparation.ts';
import type { PreprocessedStore } from './preprocessedStore.ts';
import { breathe } from './wholeCase.ts';

/** Bytes that a voxel of the stored image takes while its case is preprocessed: volume, copies, mask, search queue. Counted in the code, not measured. */
const WORKING_BYTES_PER_VOXEL = 40;
const USABLE_PART_OF_FREE_MEMORY = 0.5;

export interface PreparationOptions {
  /** The built bundle of `preprocessThread.ts`; `null`: everything in this thread. */
  readonly threadFile?: string | null;
  readonly threads?: number;
}

/** Fingerprints in the order of the cases; `null` when told to stop. */
export async function fingerprintCases(
  cases: readonly Pick<TrainCase, 'image' | 'labelFile'>[],
  largestSample: number,
  ignoredLabel: number | null,
  port: JobPort,
  options: PreparationOptions = {},
): Promise<CaseFingerprint[] | null> {
  const requests = cases.map(({ image, labelFile }) => ({ kind: 'fingerprint' as const, image, labelFile, largestSample, ignoredLabel }));
  const results = await prepareAll(
    requests,
    cases.map(({ image }) => image),
    'fingerprint',
    port,
    options,
  );
  return results && results.map((result) => result as CaseFingerprint);
}

/** Makes the files of cases that have none yet; false when told to stop. A later call goes on where this one stopped. */
export async function preprocessCases(
  store: PreprocessedStore,
  cases: readonly TrainCase[],
  port: JobPort,
  options: PreparationOptions = {},
): Promise<boolean> {
  const requests = cases.map((trainCase) => ({ kind: 'preprocess' as const, ...store.requestFor(trainCase) }));
  return (
    (await prepareAll(
      requests,
      cases.map(({ image }) => image),
      'preprocessing',
      port,
      options,
    )) !== null
  );
}

async function prepareAll(
  requests: readonly PreparationRequest[],
  images: readonly StoredImage[],
  phase: Progress['phase'],
  port: JobPort,
  options: PreparationOptions,
): Promise<PreparationResult[] | null> {
  const results: PreparationResult[] = new Array<PreparationResult>(requests.length);
  let done = 0;
  const tell = (): void => port.tell({ type: 'progress', progress: { phase, done, total: requests.length } });
  const finish = (index: number, result: PreparationResult): void => {
    results[index] = result;
    done++;
    tell();
  };
  tell();
  const threadFile = options.threadFile === undefined ? builtFile('preprocessThread.cjs') : options.threadFile;
  const threads = Math.min(requests.length, options.threads ?? usefulThreads(images));
  if (threadFile && threads > 1) await inThreads(requests, threadFile, threads, port, finish);
  else await oneByOne(requests, port, finish);
  return done === requests.length ? results : null;
}

async function oneByOne(requests: readonly PreparationRequest[], port: JobPort, finish: (index: number, result: PreparationResult) => void): Promise<void> {
  for (const [index, request] of requests.entries()) {
    await breathe();
    if (port.stop.aborted) return;
    finish(index, await runPreparation(request));
  }
}

/** How often the stop flag is looked at while every thread is busy. */
const STOP_POLL_MS = 100;

/** Terminates the threads when told to stop and at the first failure; files appear whole or not at all. */
async function inThreads(
  requests: readonly PreparationRequest[],
  threadFile: string,
  threads: number,
  port: JobPort,
  finish: (index: number, result: PreparationResult) => void,
): Promise<void> {
  const workers = Array.from({ length: threads }, () => new Worker(threadFile));
  let next = 0;
  let poll: ReturnType<typeof setInterval> | undefined;
  try {
    const stopped = new Promise<void>((resolve) => {
      poll = setInterval(() => port.stop.aborted && resolve(), STOP_POLL_MS);
    });
    const drained = workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          const feed = (): void => {
            const index = next++;
            if (index >= requests.length || port.stop.aborted) return resolve();
            worker.postMessage({ index, request: requests[index]! });
          };
          worker.on('message', (message: FromThread) => {
            if (!message.ok) return reject(new AppException(message.error));
            finish(message.index, message.result);
            feed();
          });
          worker.once('error', reject);
          worker.once('exit', (code) => reject(new Error(`a preprocessing thread ended with code ${code}`)));
          feed();
        }),
    );
    const all = Promise.all(drained);
    // terminating makes the others reject after one has decided
    drained.forEach((one) => one.catch(() => undefined));
    await Promise.race([all, stopped]);
  } finally {
    clearInterval(poll);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** As many as there are cores, and as their largest case leaves memory for. */
function usefulThreads(images: readonly StoredImage[]): number {
  const voxels = images.map(({ grid, files }) => grid.dimsIjk[0] * grid.dimsIjk[1] * grid.dimsIjk[2] * files.length);
  const byMemory = Math.floor((freemem() * USABLE_PART_OF_FREE_MEMORY) / (Math.max(1, ...voxels) * WORKING_BYTES_PER_VOXEL));
  return Math.max(1, Math.min(usableCores(), byMemory));
}

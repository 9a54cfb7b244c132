/** Batches drawn by another thread while this one computes: a step of TensorFlow blocks its thread, drawing must not wait for it. */
import { Worker } from 'node:worker_threads';
import { AppException } from '../contract/errors.ts';
import { emptyBatch, PatchSampler, type Batch, type BatchSource } from '../nnunet/train/patches.ts';
import { Random, type RandomState } from '../nnunet/random.ts';
import { memoryOf, type BatchThreadTask, type FromBatchThread, type ToBatchThread } from './batchMessages.ts';
import { builtFile } from '../dataset/read/builtFile.ts';
import { PreprocessedStore } from './preprocessedStore.ts';

/** Batches made ahead of the one in use: more would only take memory, for drawing is faster than a step. */
const AHEAD = 2;

type Ready = Extract<FromBatchThread, { type: 'batch' }>;

/**
 * The same batches as a `PatchSampler` of the same task and seed would draw. `state` is that after the batch in use, not
 * after those made ahead: a checkpoint goes on with the batch after this one.
 */
class BatchesAhead implements BatchSource {
  readonly #thread: Worker;
  readonly #ready: Ready[] = [];
  #current: Batch;
  #state: RandomState;
  #generation = 0;
  #isStarted = false;
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  constructor(threadFile: string, task: BatchThreadTask, seed: number) {
    this.#state = Random.fromSeed(seed).state;
    this.#current = emptyBatch(task.spec);
    this.#thread = new Worker(threadFile, { workerData: task });
    this.#thread.on('message', (message: FromBatchThread) => this.#receive(message));
    this.#thread.on('error', (problem) => this.#fail(problem));
    this.#thread.on('exit', (code) => this.#fail(new Error(`the batch thread ended with code ${code}`)));
    for (let n = 0; n < AHEAD; n++) this.#giveRoom(emptyBatch(task.spec));
  }

  get images(): Batch['images'] {
    return this.#current.images;
  }

  get labels(): Batch['labels'] {
    return this.#current.labels;
  }

  get state(): RandomState {
    return this.#state;
  }

  restore(state: RandomState): void {
    this.#state = state;
    this.#isStarted = false;
  }

  async draw(): Promise<void> {
    if (!this.#isStarted) this.#start();
    while (this.#ready.length === 0) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const { batch, state } = this.#ready.shift()!;
    this.#giveRoom(this.#current);
    this.#current = batch;
    this.#state = state;
  }

  async dispose(): Promise<void> {
    await this.#thread.terminate();
  }

  /** Batches of an earlier start are of no use: their memory goes back. */
  #start(): void {
    this.#isStarted = true;
    this.#generation++;
    for (const { batch } of this.#ready.splice(0)) this.#giveRoom(batch);
    this.#tell({ type: 'start', generation: this.#generation, state: this.#state });
  }

  #receive(message: FromBatchThread): void {
    if (message.type === 'failed') this.#fail(new AppException(message.error));
    else if (message.generation !== this.#generation) this.#giveRoom(message.batch);
    else {
      this.#ready.push(message);
      this.#wake();
    }
  }

  #fail(problem: Error): void {
    this.#failure ??= problem;
    this.#wake();
  }

  #giveRoom(batch: Batch): void {
    this.#tell({ type: 'room', batch }, memoryOf(batch));
  }

  #tell(message: ToBatchThread, memory: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, memory);
  }
}

/** Batches from a thread of their own where the program is built, else from this one. `close` ends the thread. */
export function openBatches(task: BatchThreadTask, seed: number, threadFile = builtFile('batchThread.cjs')): { source: BatchSource; close(): Promise<void> } {
  if (threadFile) {
    const source = new BatchesAhead(threadFile, task, seed);
    return { source, close: () => source.dispose() };
  }
  const store = new PreprocessedStore(task.preprocessedFolder, task.plan, task.configuration);
  return { source: new PatchSampler(store.trainingCases(task.cases), task.spec, seed), close: () => Promise.resolve() };
}

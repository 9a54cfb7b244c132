/** Entry of the thread that draws training batches while the network computes, until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { toAppError } from '../contract/errors.ts';
import { PatchSampler, type Batch } from '../nnunet/train/patches.ts';
import { memoryOf, type BatchThreadTask, type FromBatchThread, type ToBatchThread } from './batchMessages.ts';
import { PreprocessedStore } from './preprocessedStore.ts';

const port = parentPort;
if (!port) throw new Error('a batch thread is started by a training');

const { preprocessedFolder, plan, configuration, cases, spec } = workerData as BatchThreadTask;
const sampler = new PatchSampler(new PreprocessedStore(preprocessedFolder, plan, configuration).trainingCases(cases), spec, 0);
const room: Batch[] = [];
let wanted: Extract<ToBatchThread, { type: 'start' }> | null = null;
let generation: number | null = null;
let isAtWork = false;

const tell = (message: FromBatchThread, memory: ArrayBuffer[] = []): void => port.postMessage(message, memory);

port.on('message', (message: ToBatchThread) => {
  if (message.type === 'start') wanted = message;
  else room.push(message.batch);
  if (isAtWork) return;
  isAtWork = true;
  fillRoom().then(
    () => (isAtWork = false),
    // stays at work: what failed once is not tried again
    (thrown: unknown) => tell({ type: 'failed', error: toAppError(thrown) }),
  );
});

async function fillRoom(): Promise<void> {
  while (room.length > 0) {
    if (wanted) {
      sampler.restore(wanted.state);
      ({ generation } = wanted);
      wanted = null;
    }
    if (generation === null) return;
    const batch = room.pop()!;
    await sampler.drawInto(batch);
    // another start came while this one was drawn
    if (wanted) room.push(batch);
    else tell({ type: 'batch', generation, batch, state: sampler.state }, memoryOf(batch));
  }
}

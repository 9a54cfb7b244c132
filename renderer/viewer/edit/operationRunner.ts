/** Runs operations in a thread of their own, one at a time. Cancelling ends the thread; the mask is untouched until the end. */
import type { VoxelArray } from '../voxelArray.ts';
import type { LabelArray } from '../labelSlots.ts';
import type { Triple } from './maskEditor.ts';
import type { FromOperationWorker, ToOperationWorker } from './operationWorker.ts';
import type { SliceDelta } from './sliceDelta.ts';
import type { OperationTask } from './voxelOperation.ts';

export interface OperationOutcome {
  readonly slices: readonly SliceDelta[];
  /** False: there was nothing to do it to. */
  readonly hadWork: boolean;
}

export class OperationRunner {
  #worker: Worker | null = null;
  #cancel: (() => void) | null = null;

  /** Copies the labels. Null when it was cancelled. */
  async run(task: OperationTask, labels: LabelArray, dimsIjk: Triple, image: VoxelArray, tell: (share: number) => void): Promise<OperationOutcome | null> {
    const worker = (this.#worker ??= this.#start(image));
    try {
      return await new Promise<OperationOutcome | null>((done, fail) => {
        this.#cancel = () => done(null);
        worker.onmessage = ({ data }: MessageEvent<FromOperationWorker>) => {
          if (data.type === 'share') tell(data.share);
          else if (data.type === 'done') done(data);
          else fail(new Error(data.message));
        };
        worker.onerror = (event) => fail(new Error(event.message || 'the thread for operations ended'));
        const copy = labels.slice();
        this.#post(worker, { type: 'run', labels: copy, dimsIjk, task }, [copy.buffer]);
      });
    } catch (thrown) {
      this.stop();
      throw thrown;
    } finally {
      this.#cancel = null;
    }
  }

  #start(image: VoxelArray): Worker {
    const worker = new Worker(new URL('./operationWorker.ts', import.meta.url), { type: 'module' });
    this.#post(worker, { type: 'image', voxels: image });
    return worker;
  }

  #post(worker: Worker, message: ToOperationWorker, transfer: Transferable[] = []): void {
    worker.postMessage(message, transfer);
  }

  /** Also forgets the image: another case comes, or the operation is cancelled. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#cancel?.();
  }
}

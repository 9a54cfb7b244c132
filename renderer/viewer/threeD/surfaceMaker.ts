/** Makes surfaces in a thread of their own; a new wish makes an older one void. */
import type { FromSurfaceWorker, Surface, SurfaceTask } from './surfaceWorker.ts';

export class SurfaceMaker {
  #worker: Worker | null = null;

  /** The labels are handed over. Rejects when the thread fails; never resolves once another task, or an end, came in between. */
  make(task: SurfaceTask, take: (labelValue: number, surface: Surface | null) => void): Promise<void> {
    this.stop();
    const worker = new Worker(new URL('./surfaceWorker.ts', import.meta.url), { type: 'module' });
    this.#worker = worker;
    return new Promise<void>((done, fail) => {
      worker.onmessage = ({ data }: MessageEvent<FromSurfaceWorker>) => {
        if (data.type === 'surface') return take(data.labelValue, data.surface);
        this.stop();
        if (data.type === 'done') done();
        else fail(new Error(data.message));
      };
      worker.onerror = (event) => fail(new Error(event.message || 'the thread for surfaces ended'));
      worker.postMessage(task, [task.labels.buffer]);
    });
  }

  stop(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }
}

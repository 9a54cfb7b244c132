/** Lets a task hold between two steps while its host wants quiet; the time it holds is not training time. */
import { performance } from 'node:perf_hooks';
import type { JobPort } from '../contract/jobPort.ts';
import type { JobNews, Progress } from '../contract/jobs.ts';
import { breathe } from './wholeCase.ts';

/** How soon a held task notices that it may go on, or that it is to stop. */
const POLL_MS = 100;

export class PausableClock {
  readonly #port: JobPort;
  #heldMs = 0;
  #latest: Progress = { phase: 'training', done: 0, total: 1 };

  constructor(port: JobPort) {
    this.#port = port;
  }

  /** Milliseconds; stands still while the task holds. */
  readonly now = (): number => performance.now() - this.#heldMs;

  /** `tell` of the port, remembering how far the task is. */
  readonly tell = (news: JobNews): void => {
    if (news.type === 'progress') this.#latest = news.progress;
    this.#port.tell(news);
  };

  /** Lets messages of the host arrive and waits while it wants quiet. False when told to stop. */
  readonly mayGoOn = async (): Promise<boolean> => {
    await breathe();
    const { pause, stop } = this.#port;
    if (pause?.isWanted && !stop.aborted) {
      const began = performance.now();
      const { done, total } = this.#latest;
      this.#port.tell({ type: 'progress', progress: { phase: 'paused', done, total } });
      while (pause.isWanted && !stop.aborted) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      this.#heldMs += performance.now() - began;
      this.#port.tell({ type: 'progress', progress: this.#latest });
    }
    return !stop.aborted;
  };
}

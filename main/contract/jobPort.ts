import type { JobNews } from './jobs.ts';

/** All a long task may know of where it runs; a test passes a fake, a worker passes a message port. */
export interface JobPort {
  tell(news: JobNews): void;
  /** An `AbortSignal` fits; the task looks at it once per patch, step or file. */
  readonly stop: { readonly aborted: boolean };
  /** The host wants quiet: a training holds between two steps, a prediction between two windows. Absent where nobody asks for that. */
  readonly pause?: { readonly isWanted: boolean };
}

import type { JobNews } from './jobs.ts';
import type { Result } from './errors.ts';

/** All a long task may know of where it runs; a test passes a fake, a worker passes a message port. */
export interface JobPort {
  tell(news: JobNews): void;
  /** An `AbortSignal` fits; the task looks at it once per patch, step or file. */
  readonly stop: { readonly aborted: boolean };
}

/** A long task resolves with its summary (small JSON); on `stop` it saves what it must and resolves early. */
export type LongTask<Input, Output> = (input: Input, port: JobPort) => Promise<Result<Output>>;

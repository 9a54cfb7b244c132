import { FromCompute } from '../contract/computeMessages.ts';
import type { ComputeListeners } from '../jobs/computeHost.ts';

const stderrTailBytes = 8 * 1024;

/**
 * The listening end of one compute process, whatever started it: checks every message, keeps the end of what the
 * process printed, and reports its exit exactly once.
 */
export class ComputeChannel {
  #stderrTail = '';
  #hasExited = false;

  constructor(private readonly listeners: ComputeListeners) {}

  /** A message that does not fit the contract ends the task as failed rather than silently missing. */
  receive(raw: unknown): void {
    const message = FromCompute.safeParse(raw);
    if (message.success) return this.listeners.onMessage(message.data);
    const detail = `a message of the compute process does not fit the contract: ${message.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`;
    this.listeners.onMessage({ type: 'failed', error: { code: 'internal', detail } });
  }

  printed(chunk: Buffer | string): void {
    this.#stderrTail = (this.#stderrTail + chunk.toString()).slice(-stderrTailBytes);
  }

  exited(exitCode: number | null, signal: string | null): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.listeners.onExit(exitCode, signal, this.#stderrTail);
  }
}

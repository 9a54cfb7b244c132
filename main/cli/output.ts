/** Everything the command line prints: results on standard output, progress and errors on standard error. */
import type { AppError } from '../contract/errors.ts';
import { describeError } from '../contract/describeError.ts';
import type { JobEvent } from '../contract/jobs.ts';
import type { ExitCode } from './exitCodes.ts';
import { ProgressText } from './progressText.ts';

export interface Printer {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Without a terminal a progress line at most this often, so that log files stay readable. */
const logIntervalMs = 10_000;

/**
 * `json`: one JSON object per line on standard output, `{"type":"job","event":…}` (`JobEvent` of the contract) while
 * jobs run and one `{"type":"result",…}` at the end; nothing else goes there.
 */
export class Output {
  readonly #progress = new ProgressText();
  #hasStatusLine = false;
  #lastLog = { atMs: 0, phase: '' };

  constructor(
    private readonly stdout: Printer,
    private readonly stderr: Printer,
    private readonly isJson: boolean,
  ) {}

  /** A line of the answer, for people. */
  say(line: string): void {
    if (!this.isJson) this.#line(this.stdout, line);
  }

  /** A line about what is going on, for people. */
  note(line: string): void {
    if (!this.isJson) this.#line(this.stderr, line);
  }

  jobEvent(event: JobEvent): void {
    if (this.isJson) {
      this.stdout.write(`${JSON.stringify({ type: 'job', event })}\n`);
      return;
    }
    if (event.type === 'problem') return this.note(`  ! ${describeError(event.error)}`);
    if (event.type === 'retrying') return this.note(`  ! ${describeError(event.error)} Attempt ${event.attempt} of ${event.attempts} follows.`);
    const text = this.#progress.after(event);
    if (text !== null) this.#status(text, this.#progress.phase);
  }

  result(command: string, exitCode: ExitCode, value: unknown): void {
    this.#clearStatus();
    if (this.isJson) this.stdout.write(`${JSON.stringify({ type: 'result', command, ok: true, exitCode, value })}\n`);
  }

  failure(command: string, exitCode: ExitCode, error: AppError): void {
    const message = describeError(error);
    this.#line(this.stderr, `maskloop ${command}: ${message}`);
    if (this.isJson)
      this.stdout.write(`${JSON.stringify({ type: 'result', command, ok: false, exitCode, error, message })}\n`);
  }

  #line(printer: Printer, line: string): void {
    this.#clearStatus();
    printer.write(`${line}\n`);
  }

  #status(text: string, phase: string): void {
    if (this.stderr.isTTY) {
      // Longer than the terminal would wrap, and the next update could not overwrite it.
      this.stderr.write(`\r\u001b[K${text.slice(0, (this.stderr.columns ?? 80) - 1)}`);
      this.#hasStatusLine = true;
      return;
    }
    const nowMs = Date.now();
    if (phase === this.#lastLog.phase && nowMs - this.#lastLog.atMs < logIntervalMs) return;
    this.#lastLog = { atMs: nowMs, phase };
    this.stderr.write(`${text}\n`);
  }

  #clearStatus(): void {
    if (this.#hasStatusLine) this.stderr.write('\r\u001b[K');
    this.#hasStatusLine = false;
  }
}

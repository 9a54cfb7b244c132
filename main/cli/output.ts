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

interface Track {
  readonly progress: ProgressText;
  lastLog: { readonly atMs: number; readonly phase: string };
}

/** Without a terminal a progress line at most this often, so that log files stay readable. */
const logIntervalMs = 10_000;

/**
 * `json`: one JSON object per line on standard output, `{"type":"job","event":…}` (`JobEvent` of the contract) while
 * jobs run and one `{"type":"result",…}` at the end; nothing else goes there.
 */
export class Output {
  /** By label: jobs that run side by side. */
  readonly #tracks = new Map<string, Track>();
  #hasStatusLine = false;

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

  /** `label` tells jobs that run side by side apart. */
  jobEvent(event: JobEvent, label = ''): void {
    if (this.isJson) {
      this.stdout.write(`${JSON.stringify({ type: 'job', event })}\n`);
      return;
    }
    const prefix = label === '' ? '' : `${label}: `;
    if (event.type === 'problem') return this.note(`  ! ${prefix}${describeError(event.error)}`);
    if (event.type === 'retrying') return this.note(`  ! ${prefix}${describeError(event.error)} Attempt ${event.attempt} of ${event.attempts} follows.`);
    const track = this.#tracks.get(label) ?? { progress: new ProgressText(), lastLog: { atMs: 0, phase: '' } };
    this.#tracks.set(label, track);
    const text = track.progress.after(event);
    if (text !== null) this.#status(`${prefix}${text}`, track);
  }

  result(command: string, exitCode: ExitCode, value: unknown): void {
    this.#clearStatus();
    if (this.isJson) this.stdout.write(`${JSON.stringify({ type: 'result', command, ok: true, exitCode, value })}\n`);
  }

  failure(command: string, exitCode: ExitCode, error: AppError): void {
    const message = describeError(error);
    this.#line(this.stderr, `maskloop ${command}: ${message}`);
    if (this.isJson) this.stdout.write(`${JSON.stringify({ type: 'result', command, ok: false, exitCode, error, message })}\n`);
  }

  #line(printer: Printer, line: string): void {
    this.#clearStatus();
    printer.write(`${line}\n`);
  }

  #status(text: string, track: Track): void {
    if (this.stderr.isTTY) {
      // Longer than the terminal would wrap, and the next update could not overwrite it.
      this.stderr.write(`\r\u001b[K${text.slice(0, (this.stderr.columns ?? 80) - 1)}`);
      this.#hasStatusLine = true;
      return;
    }
    const [nowMs, { phase }] = [Date.now(), track.progress];
    if (phase === track.lastLog.phase && nowMs - track.lastLog.atMs < logIntervalMs) return;
    track.lastLog = { atMs: nowMs, phase };
    this.stderr.write(`${text}\n`);
  }

  #clearStatus(): void {
    if (this.#hasStatusLine) this.stderr.write('\r\u001b[K');
    this.#hasStatusLine = false;
  }
}

/** After so long without a movement of hands nobody is taken to be at work. */
const IDLE_AFTER_MS = 30_000;
/** More is not told at once: no save shall fail for it. */
const MOST_TOLD_SECONDS = 86_400;

/** How long a case was worked on: from one sign of activity to the next, but never longer than until idle. Time comes in as milliseconds. */
export class ActiveTime {
  readonly #activeMs = new Map<string, number>();
  #openCaseId: string | null = null;
  #lastSignMs = 0;

  /** From here on time belongs to this case, to none with `null`. */
  open(caseId: string | null, nowMs: number): void {
    this.activity(nowMs);
    this.#openCaseId = caseId;
  }

  activity(nowMs: number): void {
    const elapsedMs = Math.min(Math.max(0, nowMs - this.#lastSignMs), IDLE_AFTER_MS);
    this.#lastSignMs = nowMs;
    if (this.#openCaseId !== null) this.#activeMs.set(this.#openCaseId, (this.#activeMs.get(this.#openCaseId) ?? 0) + elapsedMs);
  }

  /** Not told yet; a case that was left without saving keeps its time. */
  secondsOf(caseId: string, nowMs: number): number {
    if (caseId === this.#openCaseId) this.activity(nowMs);
    return Math.min(MOST_TOLD_SECONDS, (this.#activeMs.get(caseId) ?? 0) / 1000);
  }

  /** So many seconds are on record now. */
  told(caseId: string, seconds: number): void {
    this.#activeMs.set(caseId, Math.max(0, (this.#activeMs.get(caseId) ?? 0) - seconds * 1000));
  }
}

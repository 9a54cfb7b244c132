/** Slows guessing down: after `limit` failures under one key within `windowMs` nothing is tried for it until the window has passed. */
export class FailureLimit {
  readonly #failures = new Map<string, { count: number; untilMs: number }>();

  constructor(
    private readonly limit: number,
    private readonly windowMs: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** Seconds to wait; 0: go on. */
  waitSeconds(key: string): number {
    const seen = this.#failures.get(key);
    const leftMs = (seen?.untilMs ?? 0) - this.nowMs();
    return seen && leftMs > 0 && seen.count >= this.limit ? Math.ceil(leftMs / 1000) : 0;
  }

  failed(key: string): void {
    const now = this.nowMs();
    for (const [old, { untilMs }] of this.#failures) if (untilMs <= now) this.#failures.delete(old);
    const seen = this.#failures.get(key);
    this.#failures.set(key, { count: (seen?.count ?? 0) + 1, untilMs: seen?.untilMs ?? now + this.windowMs });
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}

/** npm and our own start script pass a signal on that the terminal has sent us already; such twins count as one press. */
const twinMs = 500;

/** Ctrl+C: the first press asks whatever runs to stop and save, the second leaves at once. */
export class Interrupt {
  #lastPressMs = -Infinity;
  #onFirst: (() => void) | null = null;
  #isPressed = false;

  constructor(
    private readonly leave: () => void,
    private readonly nowMs: () => number = Date.now,
  ) {}

  press(): void {
    const isTwin = this.nowMs() - this.#lastPressMs < twinMs;
    this.#lastPressMs = this.nowMs();
    if (isTwin) return;
    if (this.#isPressed || !this.#onFirst) return this.leave();
    this.#isPressed = true;
    this.#onFirst();
  }

  /** Until the returned function is called, the first press does `stop` instead of leaving. */
  guard(stop: () => void): () => void {
    this.#onFirst = stop;
    return () => {
      this.#onFirst = null;
    };
  }
}

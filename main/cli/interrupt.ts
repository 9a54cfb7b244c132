/** npm and our own start script pass a signal on that the terminal has sent us already; such twins count as one press. */
const twinMs = 500;

/** Ctrl+C: the first press asks whatever runs to stop and save, the second leaves at once. */
export class Interrupt {
  #lastPressMs = -Infinity;
  readonly #stops = new Set<() => void>();
  #isPressed = false;

  constructor(
    private readonly leave: () => void,
    private readonly nowMs: () => number = Date.now,
  ) {}

  press(): void {
    const isTwin = this.nowMs() - this.#lastPressMs < twinMs;
    this.#lastPressMs = this.nowMs();
    if (isTwin) return;
    if (this.#isPressed || this.#stops.size === 0) return this.leave();
    this.#isPressed = true;
    for (const stop of this.#stops) stop();
  }

  get isPressed(): boolean {
    return this.#isPressed;
  }

  /** Until the returned function is called, the first press does `stop`, and what others want of it, instead of leaving. */
  guard(stop: () => void): () => void {
    const own = (): void => stop();
    this.#stops.add(own);
    return () => void this.#stops.delete(own);
  }
}

/** Ctrl+C: the first press asks whatever runs to stop and save, the second leaves at once. */
export class Interrupt {
  #onFirst: (() => void) | null = null;
  #isPressed = false;

  constructor(private readonly leave: () => void) {}

  get isPressed(): boolean {
    return this.#isPressed;
  }

  press(): void {
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

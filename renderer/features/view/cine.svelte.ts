/** Slices one after another, from the last to the first again. */
const RATES = { min: 1, max: 30, first: 10 } as const;

export class Cine {
  #playing = $state(false);
  #framesPerSecond = $state<number>(RATES.first);
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly next: () => void) {}

  get playing(): boolean {
    return this.#playing;
  }
  get framesPerSecond(): number {
    return this.#framesPerSecond;
  }

  toggle(): void {
    if (this.#playing) this.stop();
    else this.#start();
  }
  setFramesPerSecond(rate: number): void {
    this.#framesPerSecond = Math.min(RATES.max, Math.max(RATES.min, Math.round(rate)));
    if (this.#playing) this.#start();
  }
  #start(): void {
    this.stop();
    this.#playing = true;
    this.#timer = setInterval(this.next, 1000 / this.#framesPerSecond);
  }
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#playing = false;
  }
}

import type { JobKind } from '../contract/jobs.ts';

export type Lane = 'heavy' | 'light' | 'background';
export const LANE: Record<JobKind, Lane> = {
  train: 'heavy',
  predict: 'heavy',
  bench: 'heavy',
  plan: 'heavy',
  evaluate: 'light',
  import: 'light',
  export: 'light',
  legend: 'light',
};

interface Waiting {
  readonly lane: Lane;
  readonly settle: (isMine: boolean) => void;
}

/** Places for the work of this computer, one of each kind. Jobs that have begun elsewhere and end here go before those that have not begun. */
export class Lanes {
  readonly #busy = new Set<Lane>();
  #waiting: Waiting[] = [];

  isBusy(lane: Lane): boolean {
    return this.#busy.has(lane);
  }

  /** Of a lane that is free. */
  take(lane: Lane): void {
    this.#busy.add(lane);
  }

  /** `turn` is whether the lane is the caller's, who then releases it; false after `giveUp`. */
  wait(lane: Lane): { readonly turn: Promise<boolean>; giveUp(): void } {
    if (!this.#busy.has(lane)) {
      this.#busy.add(lane);
      return { turn: Promise.resolve(true), giveUp: () => undefined };
    }
    let settle: Waiting['settle'] = () => undefined;
    const turn = new Promise<boolean>((resolve) => (settle = resolve));
    const waiting = { lane, settle };
    this.#waiting.push(waiting);
    const giveUp = (): void => {
      if (!this.#waiting.includes(waiting)) return;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      settle(false);
    };
    return { turn, giveUp };
  }

  release(lane: Lane): void {
    const next = this.#waiting.find((waiting) => waiting.lane === lane);
    if (!next) return void this.#busy.delete(lane);
    this.#waiting = this.#waiting.filter((other) => other !== next);
    next.settle(true);
  }
}

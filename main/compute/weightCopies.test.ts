import { describe, expect, it } from 'vitest';
import { gradientsOfStep, openUpdateRig, PARAMETER_COUNT, RATE } from './testing/updateRig.ts';
import type { UpdateRig } from './testing/updateRig.ts';

const plain = { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 0, clipNorm: 0 } as const;
const weightsOf = (rig: UpdateRig): number[][] => rig.start.slice(0, PARAMETER_COUNT).map(({ values }) => [...values]);

/** One step of the inner optimiser in float64, in place. */
function sgdStep(weights: number[][], velocity: number[][], step: number): void {
  const gradients = gradientsOfStep(step);
  weights.forEach((w, i) =>
    w.forEach((_, k) => {
      velocity[i]![k] = 0.9 * velocity[i]![k]! + gradients[i]![k]!;
      w[k]! -= RATE * (gradients[i]![k]! + 0.9 * velocity[i]![k]!);
    }),
  );
}

function expectClose(arrays: readonly { readonly values: Float32Array }[], expected: readonly number[][]): void {
  expected.forEach((values, i) => values.forEach((value, k) => expect(arrays[i]!.values[k]).toBeCloseTo(value, 5)));
}

describe('Lookahead (arXiv 1907.08610, algorithm 1)', () => {
  it('pulls the weights back every third update and lets them run in between', async () => {
    const rig = await openUpdateRig({ ...plain, lookahead: { syncPeriod: 3, slowStep: 0.4 } });
    const weights = weightsOf(rig);
    const slow = weightsOf(rig);
    const velocity = weights.map((w) => w.map(() => 0));
    for (let step = 1; step <= 11; step++) {
      rig.step(gradientsOfStep(step));
      sgdStep(weights, velocity, step);
      if (step % 3 === 0) {
        slow.forEach((s, i) => s.forEach((_, k) => (s[k]! += 0.4 * (weights[i]![k]! - s[k]!))));
        slow.forEach((s, i) => weights[i]!.splice(0, s.length, ...s));
      }
      const state = rig.read();
      expectClose(state, weights);
      expectClose(
        state.filter(({ name }) => name.startsWith('slow.')),
        slow,
      );
    }
    rig.dispose();
  });
});

describe('moving average of the weights', () => {
  it.each([0.5, 0.999])('with decay %d follows its formula; the start weighs little after a few updates', async (decay) => {
    const rig = await openUpdateRig(plain, decay);
    const weights = weightsOf(rig);
    const average = weightsOf(rig);
    const velocity = weights.map((w) => w.map(() => 0));
    for (let step = 1; step <= 15; step++) {
      rig.step(gradientsOfStep(step));
      sgdStep(weights, velocity, step);
      const kept = Math.min(decay, step / (9 + step)); // (1 + t)/(10 + t) after t = step - 1 updates
      average.forEach((a, i) => a.forEach((_, k) => (a[k] = kept * a[k]! + (1 - kept) * weights[i]![k]!)));
    }
    const state = rig.read();
    expectClose(state, weights);
    expectClose(
      state.filter(({ name }) => /^average\.(?!updates)/.test(name)),
      average,
    );
    rig.dispose();
  });

  it('averages what Lookahead leaves', async () => {
    const rig = await openUpdateRig({ ...plain, lookahead: { syncPeriod: 1, slowStep: 0.5 } }, 0.5);
    rig.step(gradientsOfStep(1));
    const state = rig.read();
    const kept = 0.1; // 1/10 in the first update
    rig.start.slice(0, PARAMETER_COUNT).forEach(({ values }, i) => {
      const average = state.find(({ name }) => name === `average.${state[i]!.name}`)!;
      values.forEach((value, k) => expect(average.values[k]).toBeCloseTo(kept * value + (1 - kept) * state[i]!.values[k]!, 5));
    });
    rig.dispose();
  });
});

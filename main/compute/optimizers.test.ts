/** Each rule against its published formula in float64, and what all of them share: clipping, decay, skipped steps, resume. */
import { describe, expect, it } from 'vitest';
import type { OptimizerSpec } from '../../models/engine.ts';
import { flat, gradientsOfStep, normOf, openUpdateRig, PARAMETER_COUNT, RATE } from './testing/updateRig.ts';
import type { UpdateRig } from './testing/updateRig.ts';

const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0, clipNorm: 0 } as const;
const radam = { ...adam, kind: 'radam', epsilon: 1e-8 } as const;
const nesterov = { kind: 'sgd', momentum: 0.99, nesterov: true, weightDecay: 0, clipNorm: 0 } as const;
const lookahead = { syncPeriod: 3, slowStep: 0.5 };

type Rule = (weight: number, gradient: number, step: number, memory: { m: number; v: number }) => number;

/** arXiv 1412.6980, with ε added to the uncorrected square root ("epsilon hat") as TensorFlow does. */
const adamRule: Rule = (w, g, t, memory) => {
  memory.m += (1 - adam.beta1) * (g - memory.m);
  memory.v += (1 - adam.beta2) * (g * g - memory.v);
  return w - (((RATE * Math.sqrt(1 - adam.beta2 ** t)) / (1 - adam.beta1 ** t)) * memory.m) / (Math.sqrt(memory.v) + adam.epsilon);
};
/** arXiv 1908.03265, algorithm 2, with ε beside the root as in torch.optim.RAdam. */
const radamRule: Rule = (w, g, t, memory) => {
  const { beta1, beta2, epsilon } = radam;
  memory.m = beta1 * memory.m + (1 - beta1) * g;
  memory.v = beta2 * memory.v + (1 - beta2) * g * g;
  const longest = 2 / (1 - beta2) - 1;
  const rho = longest - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  const unbiased = memory.m / (1 - beta1 ** t);
  if (rho <= 5) return w - RATE * unbiased;
  const r = Math.sqrt(((rho - 4) * (rho - 2) * longest) / ((longest - 4) * (longest - 2) * rho));
  return w - (RATE * unbiased * r * Math.sqrt(1 - beta2 ** t)) / (Math.sqrt(memory.v) + epsilon);
};
/** torch.optim.SGD: v = m·v + g; w −= rate·(g + m·v), or rate·v without Nesterov. */
const sgdRule =
  (momentum: number, isNesterov: boolean): Rule =>
  (w, g, _, memory) => {
    memory.v = momentum * memory.v + g;
    return w - RATE * (isNesterov ? g + momentum * memory.v : memory.v);
  };

interface Reference {
  readonly rule: Rule;
  readonly clipNorm?: number;
  /** Per parameter. */
  readonly decay?: readonly number[];
  readonly decaysAfterClipping?: boolean;
}

function reference(rig: UpdateRig, steps: number, { rule, clipNorm = 0, decay = [0, 0, 0], decaysAfterClipping = false }: Reference): number[][] {
  const weights = rig.start.slice(0, PARAMETER_COUNT).map(({ values }) => [...values]);
  const memory = weights.map((w) => w.map(() => ({ m: 0, v: 0 })));
  for (let step = 1; step <= steps; step++) {
    const decayed = (gradients: number[][]) => gradients.map((list, i) => list.map((g, k) => g + decay[i]! * weights[i]![k]!));
    const fed = gradientsOfStep(step).map((list) => [...list]);
    const raw = decaysAfterClipping ? fed : decayed(fed);
    const scale = clipNorm > 0 ? Math.min(1, clipNorm / normOf(raw)) : 1;
    const clipped = raw.map((list) => list.map((g) => g * scale));
    const gradients = decaysAfterClipping ? decayed(clipped) : clipped;
    weights.forEach((w, i) => w.forEach((value, k) => (w[k] = rule(value, gradients[i]![k]!, step, memory[i]![k]!))));
  }
  return weights;
}

async function expectToFollow(optimizer: OptimizerSpec, expected: Reference, steps = 20): Promise<void> {
  const rig = await openUpdateRig(optimizer);
  for (let i = 1; i <= steps; i++) expect(rig.step(gradientsOfStep(i)).updated).toBe(true);
  const now = rig.read();
  reference(rig, steps, expected).forEach((values, i) => values.forEach((value, k) => expect(now[i]!.values[k]).toBeCloseTo(value, 5)));
  rig.dispose();
}

describe('update rules over 20 steps', () => {
  it.each([0, 2, 1000])('Adam, clipped at %d', (clipNorm) => expectToFollow({ ...adam, clipNorm }, { rule: adamRule, clipNorm }));
  it.each([0, 2])('RAdam, clipped at %d: momentum alone for five steps, then rectified', (clipNorm) =>
    expectToFollow({ ...radam, clipNorm }, { rule: radamRule, clipNorm }),
  );
  it.each([
    [0.99, true, 0],
    [0.99, true, 2],
    [0.9, false, 0],
    [0, false, 0],
  ])('SGD with momentum %d, Nesterov %s, clipped at %d', (momentum, isNesterov, clipNorm) =>
    expectToFollow({ ...nesterov, momentum, nesterov: isNesterov, clipNorm }, { rule: sgdRule(momentum, isNesterov), clipNorm }),
  );
});

describe('weight decay', () => {
  const weightDecay = 0.3;
  it.each([
    [undefined, [weightDecay, 0, 0]],
    ['kernels', [weightDecay, 0, 0]],
    ['exceptNorms', [weightDecay, 0, weightDecay]],
    ['everything', [weightDecay, weightDecay, weightDecay]],
  ] as const)('of %s, in the loss of Adam and so before clipping', (weightDecayOn, decay) =>
    expectToFollow({ ...adam, weightDecay, weightDecayOn, clipNorm: 2 }, { rule: adamRule, decay, clipNorm: 2 }),
  );

  it("in SGD after clipping, as PyTorch's", () =>
    expectToFollow(
      { ...nesterov, momentum: 0.9, weightDecay, weightDecayOn: 'everything', clipNorm: 2 },
      { rule: sgdRule(0.9, true), decay: [weightDecay, weightDecay, weightDecay], clipNorm: 2, decaysAfterClipping: true },
    ));
});

const everyKind: [string, OptimizerSpec, number][] = [
  ['Adam', adam, 0],
  ['RAdam', radam, 0],
  ['SGD with decay', { ...nesterov, weightDecay: 0.1, weightDecayOn: 'everything' }, 0],
  ['Adam with lookahead and average', { ...adam, lookahead }, 0.9],
];

describe.each(everyKind)('%s', (_, optimizer, emaDecay) => {
  it('reports the norm before clipping', async () => {
    const rig = await openUpdateRig({ ...optimizer, weightDecay: 0, clipNorm: 0.5 }, emaDecay);
    expect(rig.step(gradientsOfStep(1)).norm).toBeCloseTo(normOf(gradientsOfStep(1)), 4);
    rig.dispose();
  });

  it.each([
    ['NaN', NaN, 1, 0],
    ['infinity', Infinity, 1, 0],
    ['NaN under clipping', NaN, 1, 2],
    ['infinity under clipping', -Infinity, 1, 2],
    ['a finite number whose square overflows', 1e30, 1, 2],
    ['a loss that is NaN', 0.1, NaN, 2],
    ['a loss that is infinite', 0.1, Infinity, 0],
  ])('%s: every bit of the state stays, in the first step and later, and the step says so', async (_what, poison, loss, clipNorm) => {
    const rig = await openUpdateRig({ ...optimizer, clipNorm }, emaDecay);
    const poisoned = gradientsOfStep(1);
    poisoned[1]![2] = poison;
    expect(rig.step(poisoned, loss).updated).toBe(false);
    expect(flat(rig.read())).toEqual(flat(rig.start));
    for (let i = 1; i <= 4; i++) {
      const before = flat(rig.read());
      expect(rig.step(gradientsOfStep(i)).updated).toBe(true);
      expect(flat(rig.read())).not.toEqual(before);
      const after = flat(rig.read());
      expect(rig.step(poisoned, loss).updated).toBe(false);
      expect(flat(rig.read())).toEqual(after);
    }
    rig.dispose();
  });

  it('a skipped step leaves no trace in those after it', async () => {
    const [poisoned, clean] = await Promise.all([openUpdateRig(optimizer, emaDecay), openUpdateRig(optimizer, emaDecay)]);
    for (let i = 1; i <= 8; i++) {
      if (i % 3 === 0) poisoned.step(gradientsOfStep(99), NaN);
      for (const rig of [poisoned, clean]) rig.step(gradientsOfStep(i));
    }
    expect(flat(poisoned.read())).toEqual(flat(clean.read()));
    for (const rig of [poisoned, clean]) rig.dispose();
  });

  it('resumes bit for bit from its state at any step', async () => {
    const whole = await openUpdateRig(optimizer, emaDecay);
    for (let i = 1; i <= 4; i++) whole.step(gradientsOfStep(i));
    const resumed = await openUpdateRig(optimizer, emaDecay);
    resumed.write(whole.read());
    for (let i = 5; i <= 9; i++) for (const rig of [whole, resumed]) rig.step(gradientsOfStep(i));
    expect(flat(resumed.read())).toEqual(flat(whole.read()));
    for (const rig of [whole, resumed]) rig.dispose();
  });

  it('with all gradients 0 stays finite, clipped or not', async () => {
    for (const clipNorm of [0, 2]) {
      const rig = await openUpdateRig({ ...optimizer, weightDecay: 0, clipNorm }, emaDecay);
      const zeros = gradientsOfStep(1).map((list) => new Float32Array(list.length));
      expect(rig.step(zeros)).toEqual({ norm: 0, updated: true });
      expect(flat(rig.read().slice(0, PARAMETER_COUNT))).toEqual(flat(rig.start.slice(0, PARAMETER_COUNT)));
      rig.dispose();
    }
  });
});

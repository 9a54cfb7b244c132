/**
 * The update rules: Adam (arXiv 1412.6980), RAdam (arXiv 1908.03265) and SGD with momentum as PyTorch writes it. Each leaves
 * weights and state as they are, to the bit, in a step whose loss or gradient is not finite.
 */
import type { OptimizerSpec } from '../../models/engine.ts';
import type { Graph, Tensor } from './graph.ts';
import { assignVariable, declareVariable, readVariable } from './variables.ts';
import type { Variable } from './variables.ts';

type Adaptive = Extract<OptimizerSpec, { kind: 'adam' | 'radam' }>;
type Sgd = Extract<OptimizerSpec, { kind: 'sgd' }>;

export interface AppliedStep {
  readonly weights: readonly Variable[];
  /** Same order as `weights`; 0 where the step is skipped. */
  readonly gradients: readonly Tensor[];
  readonly learningRate: Tensor;
  /** Scalar bool: this update counts. */
  readonly finite: Tensor;
}

export interface AppliedUpdate {
  /** The node that changed each weight. */
  readonly applied: readonly Tensor[];
  readonly done: readonly Tensor[];
  readonly state: readonly Variable[];
}

export function applyOptimizer(g: Graph, optimizer: OptimizerSpec, step: AppliedStep): AppliedUpdate {
  switch (optimizer.kind) {
    case 'adam':
      return applyAdam(g, optimizer, step);
    case 'radam':
      return applyRectifiedAdam(g, optimizer, step);
    case 'sgd':
      return applySgd(g, optimizer, step);
  }
}

const perWeight = (g: Graph, prefix: string, weights: readonly Variable[]): Variable[] =>
  weights.map((w) => declareVariable(g, `${prefix}.${w.name}`, w.shape));

/** In a skipped step both betas become 1 and the rate 0. ε is added to the uncorrected root, as TensorFlow does. */
function applyAdam(g: Graph, optimizer: Adaptive, { weights, gradients, learningRate, finite }: AppliedStep): AppliedUpdate {
  const firstMoments = perWeight(g, 'adam.m', weights);
  const secondMoments = perWeight(g, 'adam.v', weights);
  const beta1Power = declareVariable(g, 'adam.beta1Power', [], 1);
  const beta2Power = declareVariable(g, 'adam.beta2Power', [], 1);
  const orElse = (value: Tensor, otherwise: number): Tensor => g.select(finite, value, g.scalar(otherwise));
  const beta1 = orElse(g.scalar(optimizer.beta1), 1);
  const beta2 = orElse(g.scalar(optimizer.beta2), 1);
  const rate = orElse(learningRate, 0);
  const oldPower1 = readVariable(g, beta1Power);
  const oldPower2 = readVariable(g, beta2Power);
  // the powers given to the op stay below 1 even in a skipped first step, so its bias correction never divides 0 by 0
  const power1 = g.binary('Mul', oldPower1, g.scalar(optimizer.beta1));
  const power2 = g.binary('Mul', oldPower2, g.scalar(optimizer.beta2));
  const attributes = { T: { type: 'float' }, use_locking: { bool: false }, use_nesterov: { bool: false } } as const;
  const applied = weights.map((weight, index) => {
    const [m, v] = [firstMoments[index]!.handle, secondMoments[index]!.handle];
    const inputs = [weight.handle, m, v, power1, power2, rate, beta1, beta2, g.scalar(optimizer.epsilon), gradients[index]!];
    return g.node('ResourceApplyAdam', inputs, attributes, [], 'float');
  });
  const powers = [
    assignVariable(g, beta1Power, g.select(finite, power1, oldPower1), applied),
    assignVariable(g, beta2Power, g.select(finite, power2, oldPower2), applied),
  ];
  return { applied, done: [...applied, ...powers], state: [...firstMoments, ...secondMoments, beta1Power, beta2Power] };
}

/** v = m·v + g, then w −= rate·v, or with Nesterov w −= rate·(g + m·v). In a skipped step m is 1 and the rate 0. */
function applySgd(g: Graph, optimizer: Sgd, { weights, gradients, learningRate, finite }: AppliedStep): AppliedUpdate {
  const velocities = perWeight(g, 'sgd.momentum', weights);
  const rate = g.select(finite, learningRate, g.scalar(0));
  const momentum = g.select(finite, g.scalar(optimizer.momentum), g.scalar(1));
  const attributes = { T: { type: 'float' }, use_locking: { bool: false }, use_nesterov: { bool: optimizer.nesterov } } as const;
  const applied = weights.map((weight, index) =>
    g.node('ResourceApplyMomentum', [weight.handle, velocities[index]!.handle, rate, gradients[index]!, momentum], attributes, [], 'float'),
  );
  return { applied, done: applied, state: velocities };
}

/**
 * Scalars of step t (algorithm 2 of the paper, in float64: 1 − β₂ᵗ cancels at small t). While the variance of the adaptive
 * rate cannot be estimated (ρ ≤ 5) the update is that of momentum alone.
 */
function rectification(g: Graph, { beta1, beta2 }: Adaptive, step: Tensor): { rectified: Tensor; factor: Tensor } {
  const d = (value: number): Tensor => g.constant(Float64Array.of(value), []);
  const t = g.castTo(step, 'double');
  const power2 = g.binary('Pow', d(beta2), t);
  const rest2 = g.binary('Sub', d(1), power2);
  const longest = 2 / (1 - beta2) - 1;
  const length = g.binary('Sub', d(longest), g.binary('RealDiv', g.binary('Mul', g.binary('Mul', d(2), t), power2), rest2));
  const rectified = g.compare('Greater', length, d(5));
  const above = (n: number): Tensor => g.binary('Sub', length, d(n));
  const variance = g.binary('RealDiv', g.binary('Mul', g.binary('Mul', above(4), above(2)), d(longest / ((longest - 4) * (longest - 2)))), length);
  const adaptive = g.unary('Sqrt', g.binary('Mul', variance, rest2));
  const unbias = g.binary('RealDiv', d(1), g.binary('Sub', d(1), g.binary('Pow', d(beta1), t)));
  // where it is not rectified, the square root may be that of a negative number: not chosen, and it has no gradient
  const factor = g.binary('Mul', unbias, g.select(rectified, adaptive, d(1)));
  return { rectified, factor: g.castTo(factor, 'float') };
}

function applyRectifiedAdam(g: Graph, optimizer: Adaptive, { weights, gradients, learningRate, finite }: AppliedStep): AppliedUpdate {
  const firstMoments = perWeight(g, 'radam.m', weights);
  const secondMoments = perWeight(g, 'radam.v', weights);
  const stepCount = declareVariable(g, 'radam.step', []);
  const oldStep = readVariable(g, stepCount);
  const step = g.binary('AddV2', oldStep, g.scalar(1));
  const { rectified, factor } = rectification(g, optimizer, step);
  const rate = g.select(finite, g.binary('Mul', learningRate, factor), g.scalar(0));
  const decayed = (moment: Variable, beta: number, value: Tensor): Tensor => {
    const old = readVariable(g, moment);
    return g.select(finite, g.binary('AddV2', g.binary('Mul', old, g.scalar(beta)), g.binary('Mul', value, g.scalar(1 - beta))), old);
  };
  const done: Tensor[] = [assignVariable(g, stepCount, g.select(finite, step, oldStep))];
  const applied = weights.map((weight, index) => {
    const m = decayed(firstMoments[index]!, optimizer.beta1, gradients[index]!);
    const v = decayed(secondMoments[index]!, optimizer.beta2, g.unary('Square', gradients[index]!));
    const root = g.binary('AddV2', g.unary('Sqrt', v), g.scalar(optimizer.epsilon));
    const change = g.binary('RealDiv', g.binary('Mul', m, rate), g.select(rectified, root, g.scalar(1)));
    done.push(assignVariable(g, firstMoments[index]!, m), assignVariable(g, secondMoments[index]!, v));
    return assignVariable(g, weight, g.binary('Sub', readVariable(g, weight), change));
  });
  return { applied, done: [...applied, ...done], state: [...firstMoments, ...secondMoments, stepCount] };
}

/** Emits the optimiser: gradient norm, clipping, Adam (arXiv 1412.6980), and no update at all when a gradient is not finite. */
import type { OptimizerSpec } from '../../models/engine.ts';
import type { Graph, Tensor } from './graph.ts';
import type { Shape } from './savedModel.ts';

export interface Variable {
  readonly name: string;
  readonly shape: Shape;
  readonly handle: Tensor;
}

export function declareVariable(g: Graph, name: string, shape: Shape): Variable {
  const attributes = { dtype: { type: 'float' }, shape: { shape }, shared_name: { text: name }, container: { text: '' } } as const;
  return { name, shape, handle: g.node('VarHandleOp', [], attributes, [], 'resource', { name }) };
}

export function readVariable(g: Graph, variable: Variable, after: readonly Tensor[] = []): Tensor {
  return g.node('ReadVariableOp', [variable.handle], { dtype: { type: 'float' } }, variable.shape, 'float', { after });
}

/** The returned node has no output; name it in an `after` list. */
export function assignVariable(g: Graph, variable: Variable, value: Tensor, after: readonly Tensor[] = []): Tensor {
  const attributes = { dtype: { type: 'float' }, validate_shape: { bool: false } } as const;
  return g.node('AssignVariableOp', [variable.handle, value], attributes, [], 'float', { after });
}

export interface AdamState {
  readonly firstMoments: readonly Variable[];
  readonly secondMoments: readonly Variable[];
  readonly beta1Power: Variable;
  readonly beta2Power: Variable;
}

export function declareAdam(g: Graph, weights: readonly Variable[]): AdamState {
  return {
    firstMoments: weights.map((w) => declareVariable(g, `adam.m.${w.name}`, w.shape)),
    secondMoments: weights.map((w) => declareVariable(g, `adam.v.${w.name}`, w.shape)),
    beta1Power: declareVariable(g, 'adam.beta1Power', []),
    beta2Power: declareVariable(g, 'adam.beta2Power', []),
  };
}

/** Global L2 norm: L2Loss is half the sum of squares. */
function globalNorm(g: Graph, gradients: readonly Tensor[]): Tensor {
  const halves = gradients.map((gradient) => g.node('L2Loss', [gradient], { T: { type: 'float' } }, [], 'float'));
  const sum = g.node('AddN', halves, { T: { type: 'float' }, N: { int: halves.length } }, [], 'float');
  return g.unary('Sqrt', g.binary('Mul', sum, g.scalar(2)));
}

export interface AdamUpdate {
  readonly gradientNorm: Tensor;
  readonly done: readonly Tensor[];
}

/**
 * Updates `weights` from `gradients` (same order). With a non-finite norm the step is undone inside the graph: both betas
 * become 1 and the rate 0, so weights, moments and powers keep their bits.
 */
export function emitAdam(
  g: Graph,
  optimizer: Extract<OptimizerSpec, { kind: 'adam' | 'radam' }>,
  weights: readonly Variable[],
  state: AdamState,
  gradients: readonly Tensor[],
  learningRate: Tensor,
): AdamUpdate {
  const gradientNorm = globalNorm(g, gradients);
  const finite = g.node('IsFinite', [gradientNorm], { T: { type: 'float' } }, [], 'bool');
  const orElse = (value: Tensor, otherwise: number): Tensor => g.select(finite, value, g.scalar(otherwise));
  const beta1 = orElse(g.scalar(optimizer.beta1), 1);
  const beta2 = orElse(g.scalar(optimizer.beta2), 1);
  const rate = orElse(learningRate, 0);
  const oldPower1 = readVariable(g, state.beta1Power);
  const oldPower2 = readVariable(g, state.beta2Power);
  // the powers given to the op stay below 1 even in a skipped first step, so its bias correction never divides 0 by 0
  const power1 = g.binary('Mul', oldPower1, g.scalar(optimizer.beta1));
  const power2 = g.binary('Mul', oldPower2, g.scalar(optimizer.beta2));
  const clip = optimizer.clipNorm > 0 ? g.binary('Minimum', g.scalar(1), g.binary('RealDiv', g.scalar(optimizer.clipNorm), gradientNorm)) : null;
  const scale = clip && orElse(clip, 1);
  const applied = weights.map((weight, index) => {
    const safe = g.select(finite, gradients[index]!, g.unary('ZerosLike', gradients[index]!));
    const gradient = scale ? g.binary('Mul', safe, scale) : safe;
    const inputs = [
      weight.handle, state.firstMoments[index]!.handle, state.secondMoments[index]!.handle,
      power1, power2, rate, beta1, beta2, g.scalar(optimizer.epsilon), gradient,
    ];
    const attributes = { T: { type: 'float' }, use_locking: { bool: false }, use_nesterov: { bool: false } } as const;
    return g.node('ResourceApplyAdam', inputs, attributes, [], 'float');
  });
  const powers = [
    assignVariable(g, state.beta1Power, g.select(finite, power1, oldPower1), applied),
    assignVariable(g, state.beta2Power, g.select(finite, power2, oldPower2), applied),
  ];
  return { gradientNorm, done: [...applied, ...powers] };
}

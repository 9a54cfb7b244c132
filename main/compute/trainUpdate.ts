/** From loss and gradients to changed weights: weight decay, clipping, the optimiser, copies of the weights; or nothing at all. */
import type { OptimizerSpec, TrainingSpec } from '../../models/engine.ts';
import type { Parameter } from '../../models/parameters.ts';
import type { Graph, Tensor } from './graph.ts';
import { applyOptimizer } from './optimizers.ts';
import type { Variable } from './variables.ts';
import { emitAverage, emitLookahead } from './weightCopies.ts';

export interface TrainUpdate {
  /** Global L2 norm before clipping. */
  readonly gradientNorm: Tensor;
  /** Scalar bool: loss and gradients are finite, the update was made. */
  readonly finite: Tensor;
  readonly done: readonly Tensor[];
  readonly optimizer: readonly Variable[];
  /** Lookahead's slow weights and the moving average; empty where there are none. */
  readonly slow: readonly Variable[];
  readonly average: readonly Variable[];
}

/** Same order in each list. */
export interface TrainInputs {
  readonly parameters: readonly Parameter[];
  readonly weights: readonly Variable[];
  /** The weights as this step read them. */
  readonly values: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly loss: Tensor;
  readonly learningRate: Tensor;
}

export function emitTrainUpdate(g: Graph, spec: Pick<TrainingSpec, 'optimizer' | 'emaDecay'>, inputs: TrainInputs): TrainUpdate {
  const { optimizer, emaDecay } = spec;
  const { weights, loss, learningRate } = inputs;
  // PyTorch's SGD decays after clipping, L2 in the loss comes before it
  const decaysLate = optimizer.kind === 'sgd';
  const raw = decaysLate ? inputs.gradients : withWeightDecay(g, optimizer, inputs, inputs.gradients);
  const gradientNorm = globalNorm(g, raw);
  const finite = g.node('LogicalAnd', [isFinite(g, gradientNorm), isFinite(g, loss)], {}, [], 'bool');
  const clipped = safelyClipped(g, optimizer.clipNorm, raw, gradientNorm, finite);
  const gradients = decaysLate ? withWeightDecay(g, optimizer, inputs, clipped, finite) : clipped;
  const step = applyOptimizer(g, optimizer, { weights, gradients, learningRate, finite });
  const lookahead = optimizer.lookahead && emitLookahead(g, optimizer.lookahead, weights, step.applied, finite);
  const average = emaDecay > 0 ? emitAverage(g, emaDecay, weights, lookahead?.applied ?? step.applied, finite) : undefined;
  return {
    gradientNorm,
    finite,
    done: [...step.done, ...(lookahead?.done ?? []), ...(average?.done ?? [])],
    optimizer: [...step.state, ...(lookahead ? [lookahead.counter] : []), ...(average ? [average.counter] : [])],
    slow: lookahead?.copies ?? [],
    average: average?.copies ?? [],
  };
}

const isFinite = (g: Graph, x: Tensor): Tensor => g.node('IsFinite', [x], { T: { type: 'float' } }, [], 'bool');

/** L2Loss is half the sum of squares. */
function globalNorm(g: Graph, gradients: readonly Tensor[]): Tensor {
  const halves = gradients.map((gradient) => g.node('L2Loss', [gradient], { T: { type: 'float' } }, [], 'float'));
  const sum = g.node('AddN', halves, { T: { type: 'float' }, N: { int: halves.length } }, [], 'float');
  return g.unary('Sqrt', g.binary('Mul', sum, g.scalar(2)));
}

function decays(optimizer: OptimizerSpec, parameter: Parameter): boolean {
  if (optimizer.weightDecayOn === 'everything') return true;
  return optimizer.weightDecayOn === 'exceptNorms' ? !/\.norm\./.test(parameter.name) : parameter.decays;
}

/** Adds λ·w, the gradient of λ/2·‖w‖². `where`: only if true, so that the zeros of a skipped step stay zeros. */
function withWeightDecay(
  g: Graph,
  optimizer: OptimizerSpec,
  { parameters, values }: TrainInputs,
  gradients: readonly Tensor[],
  where?: Tensor,
): readonly Tensor[] {
  if (optimizer.weightDecay === 0) return gradients;
  const decay = g.scalar(optimizer.weightDecay);
  const factor = where ? g.select(where, decay, g.scalar(0)) : decay;
  return gradients.map((gradient, index) =>
    decays(optimizer, parameters[index]!) ? g.binary('AddV2', gradient, g.binary('Mul', values[index]!, factor)) : gradient,
  );
}

/** All 0 where the step is skipped: NaN times 0 would be NaN. */
function safelyClipped(g: Graph, clipNorm: number, gradients: readonly Tensor[], norm: Tensor, finite: Tensor): readonly Tensor[] {
  const clip = clipNorm > 0 ? g.binary('Minimum', g.scalar(1), g.binary('RealDiv', g.scalar(clipNorm), norm)) : null;
  const scale = clip && g.select(finite, clip, g.scalar(1));
  return gradients.map((gradient) => {
    const safe = g.select(finite, gradient, g.unary('ZerosLike', gradient));
    return scale ? g.binary('Mul', safe, scale) : safe;
  });
}

/** Second copies of the weights inside the graph: Lookahead's slow weights and the moving average. */
import type { Graph, Tensor } from './graph.ts';
import { assignVariable, declareVariable, readVariable } from './variables.ts';
import type { Variable } from './variables.ts';

export interface WeightCopies {
  /** In the order of the weights. */
  readonly copies: readonly Variable[];
  readonly counter: Variable;
  /** The nodes after which each weight has its final value of this step. */
  readonly applied: readonly Tensor[];
  readonly done: readonly Tensor[];
}

const copiesOf = (g: Graph, prefix: string, weights: readonly Variable[]): Variable[] => weights.map((w) => declareVariable(g, `${prefix}.${w.name}`, w.shape));

/**
 * Lookahead (arXiv 1907.08610): after every `syncPeriod` updates slow += slowStep·(fast − slow), and fast = slow. Skipped
 * updates do not count.
 */
export function emitLookahead(
  g: Graph,
  { syncPeriod, slowStep }: { readonly syncPeriod: number; readonly slowStep: number },
  weights: readonly Variable[],
  updated: readonly Tensor[],
  finite: Tensor,
): WeightCopies {
  const copies = copiesOf(g, 'slow', weights);
  const counter = declareVariable(g, 'lookahead.updates', []);
  const before = readVariable(g, counter);
  const count = g.select(finite, g.binary('AddV2', before, g.scalar(1)), before);
  const syncs = g.compare('GreaterEqual', count, g.scalar(syncPeriod));
  const done = [assignVariable(g, counter, g.select(syncs, g.scalar(0), count))];
  const applied = weights.map((weight, index) => {
    const fast = readVariable(g, weight, [updated[index]!]);
    const slow = readVariable(g, copies[index]!);
    const moved = g.binary('AddV2', slow, g.binary('Mul', g.binary('Sub', fast, slow), g.scalar(slowStep)));
    done.push(assignVariable(g, copies[index]!, g.select(syncs, moved, slow)));
    return assignVariable(g, weight, g.select(syncs, moved, fast));
  });
  return { copies, counter, applied, done: [...applied, ...done] };
}

/**
 * Moving average of the weights: a += (1 − d)·(w − a) with d = min(decay, (1 + t)/(10 + t)) after t updates, so that the
 * random start is forgotten soon (as TensorFlow's ExponentialMovingAverage with `num_updates`). Skipped updates do not count.
 */
export function emitAverage(g: Graph, decay: number, weights: readonly Variable[], updated: readonly Tensor[], finite: Tensor): WeightCopies {
  const copies = copiesOf(g, 'average', weights);
  const counter = declareVariable(g, 'average.updates', []);
  const before = readVariable(g, counter);
  const early = g.binary('RealDiv', g.binary('AddV2', before, g.scalar(1)), g.binary('AddV2', before, g.scalar(10)));
  const taken = g.binary('Sub', g.scalar(1), g.binary('Minimum', g.scalar(decay), early));
  const done = weights.map((weight, index) => {
    const average = readVariable(g, copies[index]!);
    const difference = g.binary('Sub', readVariable(g, weight, [updated[index]!]), average);
    const next = g.binary('AddV2', average, g.binary('Mul', difference, taken));
    return assignVariable(g, copies[index]!, g.select(finite, next, average));
  });
  done.push(assignVariable(g, counter, g.select(finite, g.binary('AddV2', before, g.scalar(1)), before)));
  return { copies, counter, applied: updated, done };
}

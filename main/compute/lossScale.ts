/**
 * Dynamic loss scaling for float16 (arXiv 1710.03740, section 4.2): the loss is multiplied so that small gradients survive
 * in half precision; the scale doubles after a run of good steps and halves when a gradient overflows, whose update is skipped.
 */
import type { Graph, Tensor } from './graph.ts';
import { assignVariable, declareVariable, readVariable } from './variables.ts';
import type { Variable } from './variables.ts';

const START = 2 ** 15;
const GROWTH_INTERVAL = 2000;
const SMALLEST = 1;
/** Above it float32 gradients would overflow before the half ones do. */
const LARGEST = 2 ** 24;

export interface LossScale {
  /** This step's scale, a power of two. */
  readonly scale: Tensor;
  readonly state: readonly Variable[];
  /** Emits what comes of this step. */
  update(finite: Tensor): readonly Tensor[];
}

export function declareLossScale(g: Graph): LossScale {
  const scaleVariable = declareVariable(g, 'lossScale.scale', [], START);
  const goodVariable = declareVariable(g, 'lossScale.goodSteps', []);
  const scale = readVariable(g, scaleVariable);
  return {
    scale,
    state: [scaleVariable, goodVariable],
    update(finite) {
      const good = g.binary('AddV2', readVariable(g, goodVariable), g.scalar(1));
      const grows = g.compare('GreaterEqual', good, g.scalar(GROWTH_INTERVAL));
      const doubled = g.binary('Minimum', g.binary('Mul', scale, g.scalar(2)), g.scalar(LARGEST));
      const halved = g.binary('Maximum', g.binary('Mul', scale, g.scalar(0.5)), g.scalar(SMALLEST));
      const nextGood = g.select(grows, g.scalar(0), good);
      return [
        assignVariable(g, scaleVariable, g.select(finite, g.select(grows, doubled, scale), halved)),
        assignVariable(g, goodVariable, g.select(finite, nextGood, g.scalar(0))),
      ];
    },
  };
}

/** A batch in parts that are computed one after the other: one optimiser step with the activations of one part in memory. */
import type { Graph, Tensor } from './graph.ts';
import { rawSlice } from './shapingOps.ts';

/** Of one part, or of a whole batch. */
export interface BatchResult {
  readonly loss: Tensor;
  readonly gradients: readonly Tensor[];
  /** Means and variances of the batch by the names of the running ones. */
  readonly statistics: ReadonlyMap<string, Tensor>;
}

/**
 * `compute` for each of `parts` runs of samples of `image` [N, …spatial, C] and `labels` [N, …spatial]; results are averaged, each part
 * weighing as many samples as it has. That equals the whole batch where the loss is a mean over samples; what looks across
 * samples (Dice over the batch, batch norm, the mean over voxels that are not ignored) sees one part at a time.
 * Throws where there are more parts than samples.
 */
export function overParts(g: Graph, parts: number, image: Tensor, labels: Tensor, compute: (image: Tensor, labels: Tensor) => BatchResult): BatchResult {
  const samples = image.shape[0]!;
  if (parts > samples) throw new Error(`${parts} parts of a batch of ${samples}`);
  if (parts === 1) return compute(image, labels);
  let total: BatchResult | null = null;
  for (let part = 0; part < parts; part++) {
    const begin = Math.floor((part * samples) / parts);
    const count = Math.floor(((part + 1) * samples) / parts) - begin;
    const after: readonly Tensor[] = total ? [total.loss, ...total.gradients] : [];
    const result = weighted(g, compute(samplesOf(g, image, begin, count, after), samplesOf(g, labels, begin, count, after)), count / samples);
    total = total ? added(g, total, result) : result;
  }
  return total!;
}

/** Waits for `after`: without that TensorFlow would start every part at once, and all activations would live together. */
function samplesOf(g: Graph, x: Tensor, begin: number, count: number, after: readonly Tensor[]): Tensor {
  const sampleShape = x.shape.slice(1);
  return rawSlice(g, x, [begin, ...sampleShape.map(() => 0)], [count, ...sampleShape], after);
}

function weighted(g: Graph, { loss, gradients, statistics }: BatchResult, weight: number): BatchResult {
  const times = (x: Tensor): Tensor => g.binary('Mul', x, g.scalar(weight));
  return { loss: times(loss), gradients: gradients.map(times), statistics: new Map([...statistics].map(([name, value]) => [name, times(value)])) };
}

function added(g: Graph, a: BatchResult, b: BatchResult): BatchResult {
  const sum = (x: Tensor, y: Tensor): Tensor => g.binary('AddV2', x, y);
  return {
    loss: sum(a.loss, b.loss),
    gradients: a.gradients.map((gradient, index) => sum(gradient, b.gradients[index]!)),
    statistics: new Map([...a.statistics].map(([name, value]) => [name, sum(value, b.statistics.get(name)!)])),
  };
}

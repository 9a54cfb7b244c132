/** From the outputs of a network and a batch of labels to the number that training makes small. */
import { diceBinaryCrossEntropy } from './diceBinaryCrossEntropy.ts';
import { diceCrossEntropy } from './diceCrossEntropy.ts';
import type { TrainingSpec, UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';

/** Product of the strides from the finest level down to `level`, per spatial axis. */
function strideToLevel(network: UNetSpec, level: number): number[] {
  const axes = network.stages[0]!.stride.map((_, axis) => axis);
  return axes.map((axis) => network.stages.slice(0, level + 1).reduce((p, stage) => p * stage.stride[axis]!, 1));
}

/** Row c: 1 for each region that class c belongs to. The ignored class, and every class above the table, belongs to none. */
function regionTable(regions: readonly (readonly number[])[], ignoreClass: number | null): number[][] {
  const rows = Math.max(...regions.flat(), ignoreClass ?? 0) + 2; // the last row is that of all greater classes
  return Array.from({ length: rows }, (_, c) => regions.map((classes) => (c !== ignoreClass && classes.includes(c) ? 1 : 0)));
}

/** Row c: 0 for the ignored class; the last row stands for all greater classes. */
const knownTable = (ignoreClass: number): number[][] => Array.from({ length: ignoreClass + 2 }, (_, c) => [c === ignoreClass ? 0 : 1]);

/** Loss of one output: logits [N, …spatial, outputs] and labels [N, …spatial] of the same size. */
function outputLoss<T>(ops: TensorOps<T>, spec: TrainingSpec, logits: T, labels: T): T {
  const { regions, ignoreClass, batchDice, diceSmooth: smooth } = spec;
  if (regions === null) {
    // one-hot writes only zeros for the ignored class: it is above the last output
    const target = ops.oneHot(labels, spec.network.classes);
    const firstChannel = spec.diceIncludesBackground ? 0 : 1;
    return diceCrossEntropy(ops, logits, target, ignoreClass !== null, { batchDice, smooth, firstChannel });
  }
  const target = ops.lookUp(labels, regionTable(regions, ignoreClass));
  const mask = ignoreClass === null ? null : ops.reshape(ops.lookUp(labels, knownTable(ignoreClass)), ops.shapeOf(labels));
  return diceBinaryCrossEntropy(ops, logits, target, mask, { batchDice, smooth, firstChannel: 0 });
}

/** Throws where the parts of a specification contradict each other: silently wrong targets would be the alternative. */
function requireSoundTargets({ regions, ignoreClass, network }: TrainingSpec): void {
  if (regions !== null && regions.length !== network.classes) {
    throw new Error(`${regions.length} regions for ${network.classes} outputs`);
  }
  if (regions?.some((classes) => classes.length === 0)) throw new Error('a region without a class');
  if (regions === null && ignoreClass !== null && ignoreClass < network.classes) {
    throw new Error(`the ignored class ${ignoreClass} has an output of its own`);
  }
}

/**
 * Deep-supervised loss: weighted sum over decoder levels, labels [N, …spatial]. Coarse levels meet every stride-th label
 * (nnU-Net v2), or are nearest-upsampled to the full-size labels first (the seed).
 */
export function deepSupervisedLoss<T>(ops: TensorOps<T>, spec: TrainingSpec, outputs: ReadonlyMap<number, T>, labels: T): T {
  requireSoundTargets(spec);
  let total: T | null = null;
  for (const [level, logits] of [...outputs].sort(([a], [b]) => a - b)) {
    const weight = spec.deepSupervisionWeights[level] ?? (level === 0 ? 1 : 0);
    if (weight === 0) continue;
    const loss = ops.mul(levelLoss(ops, spec, level, logits, labels), ops.scalar(weight));
    total = total === null ? loss : ops.add(total, loss);
  }
  if (total === null) throw new Error('deepSupervisionWeights: no output has a positive weight');
  return total;
}

function levelLoss<T>(ops: TensorOps<T>, spec: TrainingSpec, level: number, logits: T, labels: T): T {
  const stride = strideToLevel(spec.network, level);
  if (stride.every((s) => s === 1)) return outputLoss(ops, spec, logits, labels);
  if (spec.supervision === 'subsampledLabels') return outputLoss(ops, spec, logits, ops.subsample(labels, [1, ...stride]));
  return outputLoss(ops, spec, ops.upsampleNearest(logits, stride, ops.shapeOf(labels).slice(1)), labels);
}

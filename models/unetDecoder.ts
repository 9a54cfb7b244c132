/** What all U-Nets share: transposed convolutions up, skips from the encoder, segmentation heads. */
import { convNorm } from './convNorm.ts';
import type { NetworkVariables } from './convNorm.ts';
import type { UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';
import { channelParameter, convNormParameters, kernelParameter } from './parameters.ts';
import type { Parameter } from './parameters.ts';

/** Decoder levels that carry a segmentation head: always the finest (0), others where deep supervision weighs them. */
export function headLevels(spec: UNetSpec, deepSupervisionWeights: readonly number[]): number[] {
  const decoderLevels = Math.max(1, spec.stages.length - 1);
  return Array.from({ length: decoderLevels }, (_, level) => level).filter((level) => level === 0 || (deepSupervisionWeights[level] ?? 0) > 0);
}

export function decoderParameters(spec: UNetSpec, heads: readonly number[]): Parameter[] {
  const list: Parameter[] = [];
  for (let level = spec.stages.length - 2; level >= 0; level--) {
    const coarse = spec.stages[level + 1]!;
    const { features, kernel: ownKernel } = spec.stages[level]!;
    const kernel = spec.decoderKernels === 'coarserLevel' ? coarse.kernel : ownKernel;
    // nnU-Net's (PyTorch's) fan-in of a transposed convolution counts its output channels
    list.push(kernelParameter(`decoder.${level}.up.weight`, coarse.stride, features, coarse.features));
    list.push(channelParameter(`decoder.${level}.up.bias`, features, 'zeros'));
    for (let i = 0; i < spec.decoderConvs; i++) {
      list.push(...convNormParameters(spec.norm, `decoder.${level}.${i}`, kernel, i === 0 ? 2 * features : features, features));
    }
  }
  for (const level of heads) {
    const one = spec.stages[0]!.kernel.map(() => 1);
    list.push(kernelParameter(`head.${level}.weight`, one, spec.stages[level]!.features, spec.classes));
    list.push(channelParameter(`head.${level}.bias`, spec.classes, 'zeros'));
  }
  return list;
}

/** `skips`: what each level of the encoder gives, finest first. Returns float32 logits for each level of `heads`. */
export function buildDecoder<T>(
  ops: TensorOps<T>,
  spec: UNetSpec,
  heads: readonly number[],
  skips: readonly T[],
  variables: NetworkVariables<T>,
): Map<number, T> {
  const { parameter } = variables;
  const compute = (name: string): T => ops.toCompute(parameter(name));
  const unit = spec.stages[0]!.stride.map(() => 1);
  const outputs = new Map<number, T>();
  let x: T = skips[skips.length - 1]!;
  const head = (level: number): void => {
    if (!heads.includes(level)) return;
    const logits = ops.toFloat32(ops.conv(x, compute(`head.${level}.weight`), unit));
    outputs.set(level, ops.bias(logits, parameter(`head.${level}.bias`)));
  };
  if (spec.stages.length === 1) head(0);
  for (let level = spec.stages.length - 2; level >= 0; level--) {
    const skip = skips[level]!;
    const spatial = ops.shapeOf(skip).slice(1, -1);
    const up = ops.convTranspose(x, compute(`decoder.${level}.up.weight`), spatial, spec.stages[level + 1]!.stride);
    x = ops.concatChannels(ops.bias(up, compute(`decoder.${level}.up.bias`)), skip);
    for (let i = 0; i < spec.decoderConvs; i++) {
      x = ops.leakyRelu(convNorm(ops, spec.norm, variables, `decoder.${level}.${i}`, x, unit), spec.negativeSlope);
    }
    head(level);
  }
  return outputs;
}

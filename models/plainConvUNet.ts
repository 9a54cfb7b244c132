/** nnU-Net's plain convolutional U-Net (arXiv 1809.10486): a few convolutions per level, the first of them strided. */
import { convNorm } from './convNorm.ts';
import type { NetworkVariables } from './convNorm.ts';
import type { UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';
import { convNormParameters } from './parameters.ts';
import type { Parameter } from './parameters.ts';

export function plainEncoderParameters(spec: UNetSpec): Parameter[] {
  const list: Parameter[] = [];
  let channels = spec.inputChannels;
  spec.stages.forEach((stage, level) => {
    for (let i = 0; i < stage.convs; i++) {
      list.push(...convNormParameters(spec.norm, `encoder.${level}.${i}`, stage.kernel, channels, stage.features));
      channels = stage.features;
    }
  });
  return list;
}

/** The output of every level, finest first. */
export function buildPlainEncoder<T>(ops: TensorOps<T>, spec: UNetSpec, image: T, variables: NetworkVariables<T>): T[] {
  const unit = spec.stages[0]!.stride.map(() => 1);
  let x = ops.toCompute(image);
  return spec.stages.map((stage, level) => {
    for (let i = 0; i < stage.convs; i++) {
      const y = convNorm(ops, spec.norm, variables, `encoder.${level}.${i}`, x, i === 0 ? stage.stride : unit);
      x = ops.leakyRelu(y, spec.negativeSlope);
    }
    return x;
  });
}

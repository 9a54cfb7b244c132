/**
 * The encoder of nnU-Net's ResEnc presets (arXiv 2404.09556; ResNet-D blocks, arXiv 1812.01187): a stem convolution, then
 * per level a row of blocks conv–norm–act–conv–norm + skip, act. A stage's `convs` counts its blocks.
 */
import { convNorm } from './convNorm.ts';
import type { NetworkVariables } from './convNorm.ts';
import type { UNetSpec, UNetStage } from './engine.ts';
import type { TensorOps } from './ops.ts';
import { convNormParameters } from './parameters.ts';
import type { Parameter } from './parameters.ts';

interface Block {
  readonly prefix: string;
  readonly stage: UNetStage;
  readonly inputFeatures: number;
  readonly stride: readonly number[];
}

/** In the order of the forward pass. The first block of a level strides and changes the number of features. */
function blocksOf(spec: UNetSpec): Block[][] {
  let inputFeatures = spec.stages[0]!.features; // the stem's
  return spec.stages.map((stage, level) =>
    Array.from({ length: stage.convs }, (_, n) => {
      const stride = n === 0 ? stage.stride : stage.stride.map(() => 1);
      const block = { prefix: `encoder.${level}.${n}`, stage, inputFeatures, stride };
      inputFeatures = stage.features;
      return block;
    }),
  );
}

export function residualEncoderParameters(spec: UNetSpec): Parameter[] {
  const finest = spec.stages[0]!;
  const blocks = blocksOf(spec).flatMap((level) =>
    level.flatMap(({ prefix, stage: { kernel, features }, inputFeatures }) => [
      ...convNormParameters(spec.norm, `${prefix}.first`, kernel, inputFeatures, features),
      ...convNormParameters(spec.norm, `${prefix}.second`, kernel, features, features),
      ...(inputFeatures === features
        ? []
        : convNormParameters(
            spec.norm,
            `${prefix}.skip`,
            kernel.map(() => 1),
            inputFeatures,
            features,
          )),
    ]),
  );
  return [...convNormParameters(spec.norm, 'stem', finest.kernel, spec.inputChannels, finest.features), ...blocks];
}

function buildBlock<T>(ops: TensorOps<T>, spec: UNetSpec, x: T, { prefix, stage, inputFeatures, stride }: Block, variables: NetworkVariables<T>): T {
  const unit = stride.map(() => 1);
  const activate = (y: T): T => ops.leakyRelu(y, spec.negativeSlope);
  const first = activate(convNorm(ops, spec.norm, variables, `${prefix}.first`, x, stride));
  const second = convNorm(ops, spec.norm, variables, `${prefix}.second`, first, unit);
  const pooled = stride.some((n) => n > 1) ? ops.averagePool(x, stride) : x;
  const skip = inputFeatures === stage.features ? pooled : convNorm(ops, spec.norm, variables, `${prefix}.skip`, pooled, unit);
  return activate(ops.add(second, skip));
}

/** The output of every level, finest first. */
export function buildResidualEncoder<T>(ops: TensorOps<T>, spec: UNetSpec, image: T, variables: NetworkVariables<T>): T[] {
  const unit = spec.stages[0]!.stride.map(() => 1);
  let x = ops.leakyRelu(convNorm(ops, spec.norm, variables, 'stem', ops.toCompute(image), unit), spec.negativeSlope);
  return blocksOf(spec).map((level) => {
    for (const block of level) x = buildBlock(ops, spec, x, block, variables);
    return x;
  });
}

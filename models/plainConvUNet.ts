import type { UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';

/** How a parameter starts: He-normal over its fan-in, zeros or ones. */
export type Initializer = 'heNormal' | 'zeros' | 'ones';

export interface Parameter {
  /** Stable: checkpoints refer to it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** For He's deviation: kernel voxels × channels; 0 where the initializer does not ask. */
  readonly fanIn: number;
  /** Convolution kernels decay, biases and norm parameters do not. */
  readonly decays: boolean;
}

const NORM_EPSILON = 1e-5;
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

/** `counted`: the input channels, or for a transposed convolution the output channels, whose order in the shape swaps too. */
function kernel(name: string, size: readonly number[], counted: number, other: number): Parameter {
  return { name, shape: [...size, counted, other], initializer: 'heNormal', fanIn: product(size) * counted, decays: true };
}

function perChannel(name: string, channels: number, initializer: 'zeros' | 'ones'): Parameter {
  return { name, shape: [channels], initializer, fanIn: 0, decays: false };
}

/** Convolution without bias (instance norm would cancel it), then the norm's scale and shift. */
function blockParameters(prefix: string, size: readonly number[], fanIn: number, features: number): Parameter[] {
  return [
    kernel(`${prefix}.conv.weight`, size, fanIn, features),
    perChannel(`${prefix}.norm.scale`, features, 'ones'),
    perChannel(`${prefix}.norm.shift`, features, 'zeros'),
  ];
}

/** Decoder levels that carry a segmentation head: always the finest (0), others where deep supervision weighs them. */
export function headLevels(spec: UNetSpec, deepSupervisionWeights: readonly number[]): number[] {
  const decoderLevels = Math.max(1, spec.stages.length - 1);
  return Array.from({ length: decoderLevels }, (_, level) => level).filter(
    (level) => level === 0 || (deepSupervisionWeights[level] ?? 0) > 0,
  );
}

/** Every trainable array of the network, in the order of the forward pass. `heads`: decoder levels, finest = 0. */
export function parametersOf(spec: UNetSpec, heads: readonly number[]): Parameter[] {
  const list: Parameter[] = [];
  let channels = spec.inputChannels;
  spec.stages.forEach((stage, level) => {
    for (let i = 0; i < stage.convs; i++) {
      list.push(...blockParameters(`encoder.${level}.${i}`, stage.kernel, channels, stage.features));
      channels = stage.features;
    }
  });
  for (let level = spec.stages.length - 2; level >= 0; level--) {
    const coarse = spec.stages[level + 1]!;
    const { features, kernel: size } = spec.stages[level]!;
    // nnU-Net's (PyTorch's) fan-in of a transposed convolution counts its output channels
    list.push(kernel(`decoder.${level}.up.weight`, coarse.stride, features, coarse.features));
    list.push(perChannel(`decoder.${level}.up.bias`, features, 'zeros'));
    for (let i = 0; i < spec.decoderConvs; i++) {
      list.push(...blockParameters(`decoder.${level}.${i}`, size, i === 0 ? 2 * features : features, features));
    }
  }
  for (const level of heads) {
    const one = spec.stages[0]!.kernel.map(() => 1);
    list.push(kernel(`head.${level}.weight`, one, spec.stages[level]!.features, spec.classes));
    list.push(perChannel(`head.${level}.bias`, spec.classes, 'zeros'));
  }
  return list;
}

/**
 * Forward pass: image [N, …spatial, Cin] → float32 logits [N, …spatial / 2^level, classes] for each level of `heads`.
 * `parameter` hands out a named array of `parametersOf`.
 */
export function buildPlainConvUNet<T>(
  ops: TensorOps<T>,
  spec: UNetSpec,
  heads: readonly number[],
  image: T,
  parameter: (name: string) => T,
): Map<number, T> {
  const compute = (name: string): T => ops.toCompute(parameter(name));
  const block = (prefix: string, x: T, stride: readonly number[]): T => {
    const y = ops.conv(x, compute(`${prefix}.conv.weight`), stride);
    const z = ops.instanceNorm(y, parameter(`${prefix}.norm.scale`), parameter(`${prefix}.norm.shift`), NORM_EPSILON);
    return ops.leakyRelu(z, spec.negativeSlope);
  };
  const unit = spec.stages[0]!.stride.map(() => 1);
  const skips: T[] = [];
  let x = ops.toCompute(image);
  spec.stages.forEach((stage, level) => {
    for (let i = 0; i < stage.convs; i++) x = block(`encoder.${level}.${i}`, x, i === 0 ? stage.stride : unit);
    skips.push(x);
  });
  const outputs = new Map<number, T>();
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
    for (let i = 0; i < spec.decoderConvs; i++) x = block(`decoder.${level}.${i}`, x, unit);
    head(level);
  }
  return outputs;
}

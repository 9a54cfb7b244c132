/** What networks are made of: named arrays. The names are a file format (checkpoints, model bundles). */
import type { UNetSpec } from './engine.ts';

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
  /** False for the running statistics of batch norm, which the optimiser leaves alone. */
  readonly isTrained: boolean;
}

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

/** `counted`: the input channels, or for a transposed convolution the output channels, whose order in the shape swaps too. */
export function kernelParameter(name: string, size: readonly number[], counted: number, other: number): Parameter {
  return { name, shape: [...size, counted, other], initializer: 'heNormal', fanIn: product(size) * counted, decays: true, isTrained: true };
}

export function channelParameter(name: string, channels: number, initializer: 'zeros' | 'ones', isTrained = true): Parameter {
  return { name, shape: [channels], initializer, fanIn: 0, decays: false, isTrained };
}

/**
 * A convolution and its norm. A bias only where no norm follows: the norm's shift takes its place, as in the seed (after
 * instance and batch norm it would cancel).
 */
export function convNormParameters(norm: UNetSpec['norm'], prefix: string, size: readonly number[], fanIn: number, features: number): Parameter[] {
  const weight = kernelParameter(`${prefix}.conv.weight`, size, fanIn, features);
  if (norm === 'none') return [weight, channelParameter(`${prefix}.conv.bias`, features, 'zeros')];
  const affine = [channelParameter(`${prefix}.norm.scale`, features, 'ones'), channelParameter(`${prefix}.norm.shift`, features, 'zeros')];
  if (norm !== 'batch') return [weight, ...affine];
  const running = [channelParameter(`${prefix}.norm.mean`, features, 'zeros', false), channelParameter(`${prefix}.norm.variance`, features, 'ones', false)];
  return [weight, ...affine, ...running];
}

import type { UNetSpec } from './engine.ts';
import { parametersOf } from './unet.ts';

/**
 * Feature-map elements of one patch as nnU-Net v2's planner counts them (memory proxy): encoder, decoder, finest logits.
 * Auxiliary heads do not count. A residual encoder counts its stem, two convolutions per block and each convolved or pooled skip.
 */
export function featureMapElements(spec: UNetSpec, patch: readonly number[]): number {
  const finest = spec.stages[0]!;
  let size = [...patch];
  let channels = finest.features;
  const voxels: number[] = [];
  let elements = spec.architecture === 'residual' ? finest.features * product(patch) : 0;
  for (const { features, convs, stride } of spec.stages) {
    size = size.map((n, axis) => Math.ceil(n / stride[axis]!));
    const count = product(size);
    voxels.push(count);
    if (spec.architecture === 'residual') {
      const hasSkip = channels !== features || stride.some((n) => n > 1);
      elements += (2 * convs + (hasSkip ? 1 : 0)) * features * count;
    } else elements += convs * features * count;
    channels = features;
  }
  for (let level = spec.stages.length - 2; level >= 0; level--) {
    elements += (spec.decoderConvs + 1) * spec.stages[level]!.features * voxels[level]!;
  }
  return elements + spec.classes * voxels[0]!;
}

/** Numbers in all arrays of a network with these deep-supervision heads, running statistics included. */
export const parameterElements = (spec: UNetSpec, heads: readonly number[]): number =>
  parametersOf(spec, heads).reduce((sum, { shape }) => sum + product(shape), 0);

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

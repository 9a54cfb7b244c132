import type { UNetSpec } from './engine.ts';

/** Feature-map elements of one patch as nnU-Net v2's planner counts them (memory proxy): encoder, decoder, finest logits. */
export function featureMapElements(spec: UNetSpec, patch: readonly number[]): number {
  let size = [...patch];
  const voxels: number[] = [];
  let elements = 0;
  for (const { features, convs, stride } of spec.stages) {
    size = size.map((n, axis) => Math.ceil(n / stride[axis]!));
    const count = size.reduce((a, b) => a * b, 1);
    voxels.push(count);
    elements += convs * features * count;
  }
  for (let level = spec.stages.length - 2; level >= 0; level--) {
    elements += (spec.decoderConvs + 1) * spec.stages[level]!.features * voxels[level]!;
  }
  return elements + spec.classes * voxels[0]!;
}

/** Every architecture by its name, in one closed table. */
import type { NetworkVariables } from './convNorm.ts';
import type { UNetSpec } from './engine.ts';
import type { TensorOps } from './ops.ts';
import type { Parameter } from './parameters.ts';
import { buildPlainEncoder, plainEncoderParameters } from './plainConvUNet.ts';
import { buildResidualEncoder, residualEncoderParameters } from './residualEncoderUNet.ts';
import { buildDecoder, decoderParameters } from './unetDecoder.ts';

interface Encoder {
  parameters(spec: UNetSpec): Parameter[];
  build<T>(ops: TensorOps<T>, spec: UNetSpec, image: T, variables: NetworkVariables<T>): T[];
}

const ENCODERS: Record<UNetSpec['architecture'], Encoder> = {
  plain: { parameters: plainEncoderParameters, build: buildPlainEncoder },
  residual: { parameters: residualEncoderParameters, build: buildResidualEncoder },
};

/** Every array of the network, in the order of the forward pass. `heads`: decoder levels with an output, finest = 0. */
export function parametersOf(spec: UNetSpec, heads: readonly number[]): Parameter[] {
  return [...ENCODERS[spec.architecture].parameters(spec), ...decoderParameters(spec, heads)];
}

/**
 * Forward pass: image [N, …spatial, Cin] → float32 logits [N, …spatial / 2^level, classes] for each level of `heads`.
 */
export function buildUNet<T>(ops: TensorOps<T>, spec: UNetSpec, heads: readonly number[], image: T, variables: NetworkVariables<T>): Map<number, T> {
  const skips = ENCODERS[spec.architecture].build(ops, spec, image, variables);
  return buildDecoder(ops, spec, heads, skips, variables);
}

import type { ComputePrecision } from '../../models/engine.ts';
import type { Amp } from '../contract/vocabulary.ts';

/** `auto` on a CPU is float32: it runs right everywhere, and half types are slower where AVX-512 lacks them. */
export function precisionOf(amp: Amp): ComputePrecision {
  return amp === 'bf16' ? 'bfloat16' : amp === 'fp16' ? 'float16' : 'float32';
}

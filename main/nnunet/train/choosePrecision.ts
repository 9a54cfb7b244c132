import type { ComputeDevice, ComputePrecision } from '../../../models/engine.ts';
import type { Amp } from '../../contract/vocabulary.ts';

export interface PrecisionChoice {
  readonly precision: ComputePrecision;
  /** One sentence for the log of the run. */
  readonly reason: string;
}

/** First compute capability with tensor cores (Volta): below it half precision saves memory but little time. */
const TENSOR_CORES_FROM = 7;

/**
 * What `amp` means on this device. `auto` takes what runs fast and is known to be right: float16 with loss scaling on GPUs
 * with tensor cores (the published recipe of the seed), float32 elsewhere. bf16 where the processor cannot convolve it would
 * fail in the first step, so it becomes float32.
 */
export function choosePrecision(amp: Amp, device: ComputeDevice): PrecisionChoice {
  switch (amp) {
    case 'off':
      return { precision: 'float32', reason: 'mixed precision is off' };
    case 'fp16':
      return { precision: 'float16', reason: device.kind === 'gpu' ? 'asked for' : 'asked for; on a CPU it is far slower than float32' };
    case 'bf16':
      if (device.kind === 'cpu' && !device.convolvesBfloat16) {
        return { precision: 'float32', reason: 'asked for bfloat16, which this processor cannot convolve (no AVX-512)' };
      }
      return { precision: 'bfloat16', reason: device.kind === 'gpu' ? 'asked for' : 'asked for; on a CPU it is not shown to converge as well as float32' };
    case 'auto':
      return automatic(device);
  }
}

function automatic(device: ComputeDevice): PrecisionChoice {
  if (device.kind === 'cpu') {
    return { precision: 'float32', reason: 'automatic on a CPU: float16 is slower there, and bfloat16 is not shown to converge as well' };
  }
  const { computeCapability } = device;
  if (computeCapability !== null && computeCapability < TENSOR_CORES_FROM) {
    return { precision: 'float32', reason: `automatic: a GPU of compute capability ${computeCapability} has no tensor cores` };
  }
  return { precision: 'float16', reason: 'automatic on a GPU: float16 with dynamic loss scaling' };
}

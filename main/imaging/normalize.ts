/** Intensity normalisation of one channel, as nnU-Net v2. Inputs are not written. */

/** `ct`: clip to percentiles of the data set, then its mean and deviation; `zscore`: of the case itself. */
export type NormalizationScheme = 'ct' | 'zscore' | 'none' | 'rescaleTo01' | 'rgbTo01';

/** Over foreground voxels of the training cases. */
export interface ChannelIntensities {
  readonly mean: number;
  readonly std: number;
  readonly percentile005: number;
  readonly percentile995: number;
}

const SMALLEST_DIVISOR = 1e-8;

/** `mask` (1 = inside): z-score is taken and applied inside only, voxels outside stay as they are. */
export function normalizeChannel(values: ArrayLike<number>, scheme: NormalizationScheme, intensities: ChannelIntensities, mask?: Uint8Array): Float32Array {
  switch (scheme) {
    case 'none':
      return Float32Array.from(values);
    case 'rgbTo01':
      return shiftedAndScaled(values, 0, 255);
    case 'rescaleTo01': {
      const [low, high] = rangeOf(values);
      return shiftedAndScaled(values, low, Math.max(high - low, SMALLEST_DIVISOR));
    }
    case 'ct':
      return clippedAndScaled(values, intensities);
    case 'zscore': {
      const { mean, std } = momentsOf(values, mask);
      return shiftedAndScaled(values, mean, Math.max(std, SMALLEST_DIVISOR), mask);
    }
  }
}

function shiftedAndScaled(values: ArrayLike<number>, shift: number, divisor: number, mask?: Uint8Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let n = 0; n < out.length; n++) out[n] = !mask || mask[n] ? (values[n]! - shift) / divisor : values[n]!;
  return out;
}

function clippedAndScaled(values: ArrayLike<number>, intensities: ChannelIntensities): Float32Array {
  const { mean, std, percentile005: low, percentile995: high } = intensities;
  const divisor = Math.max(std, SMALLEST_DIVISOR);
  const out = new Float32Array(values.length);
  for (let n = 0; n < out.length; n++) out[n] = (Math.min(high, Math.max(low, values[n]!)) - mean) / divisor;
  return out;
}

function rangeOf(values: ArrayLike<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let n = 0; n < values.length; n++) {
    if (values[n]! < low) low = values[n]!;
    if (values[n]! > high) high = values[n]!;
  }
  return [low, high];
}

/** Two passes: the sum of squares of 50 million CT values loses the deviation. */
function momentsOf(values: ArrayLike<number>, mask?: Uint8Array): { mean: number; std: number } {
  let count = 0;
  let sum = 0;
  for (let n = 0; n < values.length; n++) {
    if (mask && !mask[n]) continue;
    sum += values[n]!;
    count++;
  }
  if (count === 0) return { mean: 0, std: 1 };
  const mean = sum / count;
  let squares = 0;
  for (let n = 0; n < values.length; n++) {
    if (!mask || mask[n]) squares += (values[n]! - mean) ** 2;
  }
  return { mean, std: Math.sqrt(squares / count) };
}

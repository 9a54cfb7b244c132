/** Where a U-Net pools and how its kernels grow, from patch and spacing; one entry per spatial axis everywhere. */

export interface Topology {
  /** Kernel and stride per encoder level, finest first. */
  readonly kernels: readonly (readonly number[])[];
  readonly strides: readonly (readonly number[])[];
  /** 2^(poolings) per axis; patch sizes must be multiples. */
  readonly divisors: readonly number[];
  /** The patch, padded to multiples of `divisors`. */
  readonly patch: readonly number[];
}

/** No feature map gets a shorter edge. */
const SMALLEST_EDGE = 4;
/** NVIDIA's seed never pools more often. */
const SEED_LARGEST_POOL_COUNT = 5;

/** nnU-Net v2 (`network_topology.py`, `get_pool_and_conv_props`). */
export function v2Topology(spacingMm: readonly number[], patch: readonly number[]): Topology {
  const axes = spacingMm.map((_, axis) => axis);
  let spacing = [...spacingMm];
  let size = [...patch];
  const kernel = axes.map(() => 1);
  const kernels: number[][] = [];
  const strides: number[][] = [axes.map(() => 1)];
  for (;;) {
    const roomy = axes.filter((axis) => size[axis]! >= 2 * SMALLEST_EDGE);
    const finest = Math.min(...roomy.map((axis) => spacing[axis]!));
    const pooled = roomy.filter((axis) => spacing[axis]! / finest < 2);
    if (pooled.length === 0) break;
    if (pooled.length === 1 && size[pooled[0]!]! < 3 * SMALLEST_EDGE) break;
    const finestOfAll = Math.min(...spacing);
    for (const axis of axes) if (spacing[axis]! / finestOfAll < 2) kernel[axis] = 3;
    kernels.push([...kernel]);
    strides.push(axes.map((axis) => (pooled.includes(axis) ? 2 : 1)));
    spacing = spacing.map((mm, axis) => (pooled.includes(axis) ? mm * 2 : mm));
    size = size.map((n, axis) => (pooled.includes(axis) ? Math.ceil(n / 2) : n));
  }
  kernels.push(axes.map(() => 3));
  return withPaddedPatch(kernels, strides, patch);
}

/**
 * NVIDIA's rule (`nnUNet/models/nn_unet.py`): at most five poolings, spacing ratio ≤ 2 instead of < 2, kernels judged
 * anew at every level. The patch is padded as in v2, because ours must divide.
 */
export function seedTopology(spacingMm: readonly number[], patch: readonly number[]): Topology {
  const axes = spacingMm.map((_, axis) => axis);
  let spacing = [...spacingMm];
  let size = [...patch];
  const kernels: number[][] = [];
  const strides: number[][] = [axes.map(() => 1)];
  while (kernels.length < SEED_LARGEST_POOL_COUNT) {
    const finest = Math.min(...spacing);
    const isNear = spacing.map((mm) => mm / finest <= 2);
    const stride = axes.map((axis) => (isNear[axis] && size[axis]! >= 2 * SMALLEST_EDGE ? 2 : 1));
    if (stride.every((n) => n === 1)) break;
    kernels.push(isNear.map((near) => (near ? 3 : 1)));
    strides.push(stride);
    size = size.map((n, axis) => n / stride[axis]!);
    spacing = spacing.map((mm, axis) => mm * stride[axis]!);
  }
  kernels.push(axes.map(() => 3));
  return withPaddedPatch(kernels, strides, patch);
}

function withPaddedPatch(kernels: number[][], strides: number[][], patch: readonly number[]): Topology {
  const divisors = patch.map((_, axis) => strides.reduce((product, stride) => product * stride[axis]!, 1));
  return { kernels, strides, divisors, patch: patch.map((n, axis) => Math.ceil(n / divisors[axis]!) * divisors[axis]!) };
}

/**
 * The operations a network may use. `T` is whatever stands for a tensor in an implementation (a graph node in
 * main/compute, a number array in a test). Tensors are channels-last: [N, …spatial, C].
 */
export interface TensorOps<T> {
  shapeOf(x: T): readonly number[];
  scalar(value: number): T;

  /** 'Same' convolution; weights [...kernel, Cin, Cout]. Padding is TensorFlow's: the odd voxel goes to the end. */
  conv(x: T, weights: T, stride: readonly number[]): T;
  /** Adjoint of `conv` with kernel = stride; weights [...kernel, Cout, Cin]; result has `spatial` voxels per axis. */
  convTranspose(x: T, weights: T, spatial: readonly number[], stride: readonly number[]): T;
  /** Adds one number per channel. */
  bias(x: T, perChannel: T): T;
  /** Per sample and channel over all voxels, then `scale` and `shift` per channel (arXiv 1607.08022). Statistics in float32. */
  instanceNorm(x: T, scale: T, shift: T, epsilon: number): T;
  /** As instance norm, over `groups` runs of neighbouring channels that share their statistics (arXiv 1803.08494). */
  groupNorm(x: T, scale: T, shift: T, groups: number, epsilon: number): T;
  /**
   * As instance norm, over the whole batch (arXiv 1502.03167). `mean` and unbiased `variance` [C] of this batch are for running
   * statistics and not differentiable.
   */
  batchNorm(x: T, scale: T, shift: T, epsilon: number): { readonly output: T; readonly mean: T; readonly variance: T };
  /** (x - mean) · scale / sqrt(variance + epsilon) + shift with given statistics [C]; not differentiable. */
  normalizeBy(x: T, scale: T, shift: T, mean: T, variance: T, epsilon: number): T;
  /** Mean over windows of `stride` voxels; a window that is cut by the end averages what there is. */
  averagePool(x: T, stride: readonly number[]): T;
  leakyRelu(x: T, negativeSlope: number): T;
  concatChannels(a: T, b: T): T;

  /** Elementwise with NumPy broadcasting. */
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  negate(x: T): T;
  /** Over the given axes, which disappear. */
  sum(x: T, axes: readonly number[]): T;
  mean(x: T, axes: readonly number[]): T;
  softmax(x: T): T;
  logSoftmax(x: T): T;
  sigmoid(x: T): T;
  /** log(1 + eˣ), without overflow. */
  softplus(x: T): T;
  /** The larger of each element and `floor`; not differentiable: for counts. */
  atLeast(x: T, floor: number): T;
  reshape(x: T, shape: readonly number[]): T;
  slice(x: T, begin: readonly number[], size: readonly number[]): T;

  toFloat32(x: T): T;
  /** Into the precision the network computes in. */
  toCompute(x: T): T;

  /** Integer classes [N, …spatial] → float32 [N, …spatial, depth]; not differentiable. */
  oneHot(labels: T, depth: number): T;
  /** Integer classes [N, …spatial] → row of `table` for each, float32 [N, …spatial, columns]; greater ones take the last row. Not differentiable. */
  lookUp(labels: T, table: readonly (readonly number[])[]): T;
  /** [N, …coarse, C] → [N, …spatial, C]: each voxel repeated `stride` times along each axis, cut at `spatial`. */
  upsampleNearest(x: T, stride: readonly number[], spatial: readonly number[]): T;
  /** Every `stride`-th element of each axis, from the first; not differentiable. */
  subsample(x: T, stride: readonly number[]): T;
}

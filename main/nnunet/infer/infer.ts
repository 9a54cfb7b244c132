/**
 * Sliding-window prediction of one case in the network's space. Windows come sorted by their first axis, so planes are
 * finished in order and handed on one at a time: memory holds as many planes of logits as a window is deep, not the volume.
 */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { addMirrored, allMirrorings } from '../mirror.ts';
import { overlap, patchDhw } from '../patchWindow.ts';
import { importanceMap, windowOrigins } from './windows.ts';
import type { Blend } from './windows.ts';
import type { WindowSource } from './windowSource.ts';

export interface InferSpec {
  /** One entry per spatial axis of the network. */
  readonly patch: readonly number[];
  /** Logits per voxel. */
  readonly outputs: number;
  /** Average over all mirrored copies. */
  readonly mirror: boolean;
  /** Part of a window that its neighbour covers too, at least; v2 ½, seed ¼. */
  readonly overlap: number;
  readonly blend: Blend;
  /** Windows per call of the network. */
  readonly batchSize: number;
}

export interface InferHooks {
  /** Windows [N, …patch, C], N ≤ batchSize → logits [N, …patch, outputs]. */
  predict(windows: Float32Array): Float32Array;
  /** Before every call of the network; resolves to false to give up. Lets the event loop breathe, for the call before blocked it. */
  mayGoOn(done: number, total: number): Promise<boolean>;
}

/**
 * Logits of a volume of shape `shape`, plane by plane [H, W, outputs] along the first axis: the
 * weighted sums over all windows divided by the true sums of weights. A plane is a view that the next one overwrites.
 * Ends before the last plane when told to give up.
 */
export async function* inferPlanes(source: WindowSource, shape: ShapeDhw, spec: InferSpec, hooks: InferHooks): AsyncGenerator<Float32Array, void, undefined> {
  const patch = patchDhw(spec.patch);
  const origins = windowOrigins(shape, patch, spec.overlap);
  const slab = new LogitSlab(shape, patch, spec, deepestBatch(origins, shape, patch, spec.batchSize));
  const voxels = patch[0] * patch[1] * patch[2];
  const windowLength = voxels * source.channels;
  const input = new Float32Array(Math.min(spec.batchSize, origins.length) * windowLength);
  for (let first = 0; first < origins.length; first += spec.batchSize) {
    if (!(await hooks.mayGoOn(first, origins.length))) return;
    const batch = origins.slice(first, first + spec.batchSize);
    yield* slab.finish(batch[0]![0]);
    for (const [n, origin] of batch.entries()) await source.read(origin, patch, input, n * windowLength);
    const windows = input.subarray(0, batch.length * windowLength);
    const logits = spec.mirror ? mirroredLogits(windows, source.channels, patch, spec, hooks) : hooks.predict(windows);
    batch.forEach((origin, n) => slab.add(logits, n * voxels * spec.outputs, origin));
  }
  yield* slab.finish(shape[0]);
}

/** Planes from the first of a batch to its last: what must be held at once. */
function deepestBatch(origins: readonly ShapeDhw[], shape: ShapeDhw, patch: ShapeDhw, batchSize: number): number {
  let deepest = 0;
  for (let first = 0; first < origins.length; first += batchSize) {
    const last = origins[Math.min(first + batchSize, origins.length) - 1]!;
    const begin = Math.max(0, origins[first]![0]);
    deepest = Math.max(deepest, Math.min(shape[0], last[0] + patch[0]) - begin);
  }
  return deepest;
}

/** The planes of the volume that windows still add to. */
class LogitSlab {
  /** Plane of the volume that the arrays begin with. */
  #begin = 0;
  readonly #sum: Float32Array;
  readonly #weight: Float32Array;
  readonly #importance: Float32Array;
  readonly #shape: ShapeDhw;
  readonly #patch: ShapeDhw;
  readonly #outputs: number;

  constructor(shape: ShapeDhw, patch: ShapeDhw, { outputs, blend }: InferSpec, depth: number) {
    const plane = shape[1] * shape[2];
    this.#sum = new Float32Array(depth * plane * outputs);
    this.#weight = new Float32Array(depth * plane);
    this.#importance = importanceMap(patch, blend);
    this.#shape = shape;
    this.#patch = patch;
    this.#outputs = outputs;
  }

  /** Adds the logits of one window, which begin at `logitsBegin`. */
  add(logits: Float32Array, logitsBegin: number, origin: ShapeDhw): void {
    const outputs = this.#outputs;
    const [, height, width] = this.#shape;
    const [, rows, columns] = this.#patch;
    const [dBegin, dEnd] = overlap(origin[0], this.#patch[0], this.#shape[0]);
    const [hBegin, hEnd] = overlap(origin[1], rows, height);
    const [wBegin, wEnd] = overlap(origin[2], columns, width);
    const sum = this.#sum;
    const weight = this.#weight;
    const importance = this.#importance;
    for (let d = dBegin; d < dEnd; d++) {
      for (let h = hBegin; h < hEnd; h++) {
        let voxel = (d * rows + h) * columns + wBegin;
        let from = logitsBegin + voxel * outputs;
        let to = ((origin[0] + d - this.#begin) * height + origin[1] + h) * width + origin[2] + wBegin;
        for (let w = wBegin, at = to * outputs; w < wEnd; w++, voxel++, to++) {
          const factor = importance[voxel]!;
          weight[to] = weight[to]! + factor;
          for (let c = 0; c < outputs; c++, at++, from++) sum[at] = sum[at]! + factor * logits[from]!;
        }
      }
    }
  }

  /** Yields the planes before `end`, normalised, and makes room for later ones. */
  *finish(end: number): Generator<Float32Array, void, undefined> {
    const count = end - this.#begin;
    if (count <= 0) return;
    const plane = this.#shape[1] * this.#shape[2];
    for (let d = 0; d < count; d++) {
      const logits = this.#sum.subarray(d * plane * this.#outputs, (d + 1) * plane * this.#outputs);
      for (let n = 0, at = 0; n < plane; n++) {
        const scale = 1 / this.#weight[d * plane + n]!;
        for (let c = 0; c < this.#outputs; c++, at++) logits[at] = logits[at]! * scale;
      }
      yield logits;
    }
    for (const [values, perPlane] of [
      [this.#sum, plane * this.#outputs],
      [this.#weight, plane],
    ] as const) {
      values.copyWithin(0, count * perPlane);
      values.fill(0, Math.max(0, values.length - count * perPlane));
    }
    this.#begin = end;
  }
}

/** Mean over every combination of mirrored axes, mirrored back. */
function mirroredLogits(windows: Float32Array, channels: number, patch: ShapeDhw, spec: InferSpec, hooks: InferHooks): Float32Array {
  const voxels = patch[0] * patch[1] * patch[2];
  const count = windows.length / (voxels * channels);
  const mirrorings = allMirrorings(spec.patch.length);
  const mean = new Float32Array(count * voxels * spec.outputs);
  const copy = new Float32Array(windows.length);
  for (const mirroring of mirrorings) {
    copy.fill(0);
    for (let n = 0; n < count; n++) addMirrored(windows, copy, n * voxels * channels, patch, channels, mirroring, 1);
    const logits = hooks.predict(copy);
    for (let n = 0; n < count; n++) addMirrored(logits, mean, n * voxels * spec.outputs, patch, spec.outputs, mirroring, 1 / mirrorings.length);
  }
  return mean;
}

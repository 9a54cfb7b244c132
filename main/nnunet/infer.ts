/** Sliding-window prediction of one case in the network's space, as nnU-Net v2. */
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import { flipAxis } from './augment.ts';
import { overlap, patchDhw, readImagePatch } from './patchWindow.ts';

export interface InferSpec {
  readonly patch: readonly number[];
  readonly channels: number;
  /** Background included. */
  readonly classes: number;
  /** Average over all mirrored copies. */
  readonly mirror: boolean;
}

export interface InferHooks {
  /** One patch [1, …patch, C] → logits [1, …patch, classes]. */
  predict(patch: Float32Array): Float32Array;
  /** Before every window; resolves to false to give up. Lets the event loop breathe, for the call before blocked it. */
  mayGoOn(done: number, total: number): Promise<boolean>;
}

/** Logits [D, H, W, classes] of an image (channel after channel) of shape `shape`; `null` when told to give up. */
export async function inferLogits(
  image: Float32Array,
  shape: ShapeDhw,
  spec: InferSpec,
  hooks: InferHooks,
): Promise<Float32Array | null> {
  const patch = patchDhw(spec.patch);
  const origins = windowOrigins(shape, patch);
  const importance = importanceMap(patch);
  const patchVoxels = patch[0] * patch[1] * patch[2];
  const input = new Float32Array(patchVoxels * spec.channels);
  const sum = new Float32Array(shape[0] * shape[1] * shape[2] * spec.classes);
  const weight = new Float32Array(shape[0] * shape[1] * shape[2]);
  for (const [index, origin] of origins.entries()) {
    if (!(await hooks.mayGoOn(index, origins.length))) return null;
    readImagePatch(image, shape, spec.channels, origin, patch, input);
    const logits = spec.mirror ? mirroredLogits(input, patch, spec, hooks) : hooks.predict(input);
    addWindow(sum, weight, shape, logits, importance, origin, patch, spec.classes);
  }
  for (let voxel = 0, n = 0; voxel < weight.length; voxel++) {
    const scale = 1 / weight[voxel]!;
    for (let c = 0; c < spec.classes; c++, n++) sum[n] = sum[n]! * scale;
  }
  return sum;
}

/** First voxel of every window; negative where the volume is smaller than the patch and lies in its middle. */
export function windowOrigins(shape: ShapeDhw, patch: ShapeDhw): ShapeDhw[] {
  const [d, h, w] = [0, 1, 2].map((axis) => windowStarts(shape[axis]!, patch[axis]!));
  return d!.flatMap((z) => h!.flatMap((y) => w!.map((x) => [z, y, x] as const)));
}

/** Steps of at most half a patch, evenly spread: length 110, patch 64 → 0, 23, 46. */
export function windowStarts(size: number, patch: number): number[] {
  if (size <= patch) return [-Math.floor((patch - size) / 2)];
  // slices of a 2D patch: one window each
  if (patch === 1) return Array.from({ length: size }, (_, n) => n);
  const count = Math.ceil((size - patch) / (patch * 0.5)) + 1;
  const step = (size - patch) / (count - 1);
  return Array.from({ length: count }, (_, n) => Math.round(step * n));
}

/** Gaussian around the middle of the patch, σ = an eighth of it, largest value 1, nowhere 0. */
export function importanceMap(patch: ShapeDhw): Float32Array {
  const [d, h, w] = patch.map((count) =>
    Float64Array.from({ length: count }, (_, n) => Math.exp(-0.5 * ((n - Math.floor(count / 2)) / (count / 8)) ** 2)),
  );
  const map = new Float32Array(patch[0] * patch[1] * patch[2]);
  let n = 0;
  let smallest = Infinity;
  for (const a of d!) {
    for (const b of h!) {
      for (const c of w!) {
        map[n] = a * b * c;
        if (map[n]! > 0 && map[n]! < smallest) smallest = map[n]!;
        n++;
      }
    }
  }
  for (n = 0; n < map.length; n++) if (map[n] === 0) map[n] = smallest;
  return map;
}

function addWindow(
  sum: Float32Array,
  weight: Float32Array,
  shape: ShapeDhw,
  logits: Float32Array,
  importance: Float32Array,
  origin: ShapeDhw,
  patch: ShapeDhw,
  classes: number,
): void {
  const [dBegin, dEnd] = overlap(origin[0], patch[0], shape[0]);
  const [hBegin, hEnd] = overlap(origin[1], patch[1], shape[1]);
  const [wBegin, wEnd] = overlap(origin[2], patch[2], shape[2]);
  for (let d = dBegin; d < dEnd; d++) {
    for (let h = hBegin; h < hEnd; h++) {
      let from = (d * patch[1] + h) * patch[2] + wBegin;
      let to = ((origin[0] + d) * shape[1] + origin[1] + h) * shape[2] + origin[2] + wBegin;
      for (let w = wBegin; w < wEnd; w++, from++, to++) {
        const factor = importance[from]!;
        weight[to] = weight[to]! + factor;
        for (let c = 0; c < classes; c++) {
          sum[to * classes + c] = sum[to * classes + c]! + factor * logits[from * classes + c]!;
        }
      }
    }
  }
}

/** Mean over every combination of mirrored axes. */
function mirroredLogits(input: Float32Array, patch: ShapeDhw, spec: InferSpec, hooks: InferHooks): Float32Array {
  const axes: readonly (0 | 1 | 2)[] = spec.patch.length === 2 ? [1, 2] : [0, 1, 2];
  const combinations = 2 ** axes.length;
  let mean: Float32Array | null = null;
  for (let bits = 0; bits < combinations; bits++) {
    const flipped = axes.filter((_, n) => bits & (1 << n));
    const copy = input.slice();
    for (const axis of flipped) flipAxis(copy, patch, axis, spec.channels);
    const logits = hooks.predict(copy).slice();
    for (const axis of flipped) flipAxis(logits, patch, axis, spec.classes);
    if (!mean) mean = logits;
    else for (let n = 0; n < logits.length; n++) mean[n] = mean[n]! + logits[n]!;
  }
  for (let n = 0; n < mean!.length; n++) mean![n] = mean![n]! / combinations;
  return mean!;
}

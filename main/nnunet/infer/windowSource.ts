/** Where the windows of a prediction come from: a volume in memory, with the classes of a previous stage or without. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { overlap, readImagePatch } from '../patchWindow.ts';

export interface WindowSource {
  readonly channels: number;
  /** The window [d, h, w, C] whose first voxel lies at `origin` (may be negative) into `out` from `outBegin`; 0 outside the volume. */
  read(origin: ShapeDhw, patch: ShapeDhw, out: Float32Array, outBegin: number): void | Promise<void>;
}

/** An image of `shape`, channel after channel. */
export function imageSource(image: Float32Array, shape: ShapeDhw, channels: number): WindowSource {
  return { channels, read: (origin, patch, out, outBegin) => readImagePatch(image, shape, channels, origin, patch, out, outBegin) };
}

/**
 * `source` with one further channel for each class 1 … `classCount`: 1 where `classes` (on the same grid) has it. What a
 * cascade's second stage sees. The channels exist window by window only.
 */
export function withOneHotClasses(source: WindowSource, classes: LabelArray, shape: ShapeDhw, classCount: number): WindowSource {
  const channels = source.channels + classCount;
  let image = new Float32Array(0);
  return {
    channels,
    async read(origin, patch, out, outBegin) {
      const voxels = patch[0] * patch[1] * patch[2];
      if (image.length !== voxels * source.channels) image = new Float32Array(voxels * source.channels);
      await source.read(origin, patch, image, 0);
      const target = out.subarray(outBegin, outBegin + voxels * channels).fill(0);
      for (let voxel = 0, from = 0; voxel < voxels; voxel++) {
        for (let c = 0; c < source.channels; c++) target[voxel * channels + c] = image[from++]!;
      }
      paintOneHot(classes, shape, origin, patch, target, channels, source.channels - 1);
    },
  };
}

/** Class `c` is channel `channelOfZero + c`; background has none. */
function paintOneHot(
  classes: LabelArray,
  shape: ShapeDhw,
  origin: ShapeDhw,
  patch: ShapeDhw,
  out: Float32Array,
  channels: number,
  channelOfZero: number,
): void {
  const [dBegin, dEnd] = overlap(origin[0], patch[0], shape[0]);
  const [hBegin, hEnd] = overlap(origin[1], patch[1], shape[1]);
  const [wBegin, wEnd] = overlap(origin[2], patch[2], shape[2]);
  for (let d = dBegin; d < dEnd; d++) {
    for (let h = hBegin; h < hEnd; h++) {
      const from = ((origin[0] + d) * shape[1] + origin[1] + h) * shape[2] + origin[2];
      const to = (d * patch[1] + h) * patch[2];
      for (let w = wBegin; w < wEnd; w++) {
        const label = classes[from + w]!;
        if (label !== 0) out[(to + w) * channels + channelOfZero + label] = 1;
      }
    }
  }
}

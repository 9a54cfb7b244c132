import { voxelCount, type ShapeDhw } from '../../imaging/tensorShape.ts';
import type { ClassArray } from '../train/trainingCase.ts';

/** A patch on its way to the network; transforms change its arrays in place. */
export interface Sample {
  readonly shapeDhw: ShapeDhw;
  readonly channels: number;
  /** Channel after channel, each [D, H, W]: a transform works on runs of memory, whatever the number of channels. */
  readonly image: Float32Array;
  /** Network classes [D, H, W]. */
  readonly classes: ClassArray;
  /** 1 inside the non-zero mask, [D, H, W]; all 1 where the plan has no masked channel. */
  readonly inside: Uint8Array;
  /** As large as one channel; holds nothing between transforms. */
  readonly scratch: Float32Array;
}

export function emptySample<A extends ClassArray>(shapeDhw: ShapeDhw, channels: number, classes: A): Sample {
  const voxels = voxelCount(shapeDhw);
  const inside = new Uint8Array(voxels).fill(1);
  return { shapeDhw, channels, image: new Float32Array(voxels * channels), classes, inside, scratch: new Float32Array(voxels) };
}

/** One channel of a sample, not a copy. */
export function channelOf({ image, scratch }: Sample, channel: number): Float32Array {
  return image.subarray(channel * scratch.length, (channel + 1) * scratch.length);
}

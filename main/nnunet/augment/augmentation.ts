/** What is done to training patches, as data: the recipes of the presets. Probabilities and ranges: nnunet-v2.md §5, seed-nnunet-tf2.md §6. */
import type { Preset } from '../../contract/vocabulary.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { PoseRanges } from './pose.ts';
import type { Range } from './range.ts';

export type Axis = 0 | 1 | 2;

/** `probability` is that of the step for one patch; `channelProbability` then that of each channel. */
export type AugmentationStep =
  | { readonly transform: 'zoom'; readonly probability: number; readonly scale: Range; readonly axes: readonly Axis[] }
  | { readonly transform: 'noise'; readonly probability: number; readonly sigma: Range; readonly isSharedByChannels: boolean }
  /** `isPerChannel`: each channel and axis draws its own σ, in voxels; else one σ for all. */
  | { readonly transform: 'blur'; readonly probability: number; readonly channelProbability: number; readonly sigma: Range; readonly isPerChannel: boolean }
  | { readonly transform: 'brightness'; readonly probability: number; readonly factor: Range }
  | { readonly transform: 'contrast'; readonly probability: number; readonly factor: Range }
  | { readonly transform: 'brightnessAndContrast'; readonly probability: number; readonly brightness: Range; readonly contrast: Range }
  | {
      readonly transform: 'lowResolution';
      readonly probability: number;
      readonly channelProbability: number;
      readonly scale: Range;
      readonly axes: readonly Axis[];
    }
  | { readonly transform: 'gamma'; readonly probability: number; readonly exponent: Range; readonly isInverted: boolean }
  /** Each axis by itself. */
  | { readonly transform: 'mirror'; readonly probability: number; readonly axes: readonly Axis[] }
  /** Channels that are normalised inside the non-zero mask only: 0 outside it, whatever the steps before left there. */
  | { readonly transform: 'maskOutside'; readonly channels: readonly number[] };

export interface Augmentation {
  /** Happens while the patch is read; `null` where patches are read as they lie. */
  readonly pose: PoseRanges | null;
  /** In this order. */
  readonly steps: readonly AugmentationStep[];
}

/** v2: in 3D patches of so few slices, only the plane is turned and scaled ("dummy 2D"). */
const ANISOTROPIC_RATIO = 3;
/** v2: 2D patches longer than this are turned a little only, for a large turn would show mostly what lies outside. */
const ELONGATED_RATIO = 1.5;
const V2_SCALING = { probability: 0.2, factor: [0.7, 1.4] } as const;

/** `patch` has one entry per spatial axis of the network; `maskedChannels` are those normalised inside the mask only. */
export function augmentationFor(preset: Preset, patch: readonly number[], maskedChannels: readonly number[]): Augmentation {
  const axes: readonly Axis[] = patch.length === 2 ? [1, 2] : [0, 1, 2];
  return preset === 'seed' ? seedAugmentation(axes) : v2Augmentation(poseRangesFor(patch), axes, maskedChannels);
}

/** v2's rotation and scaling for a 2D, a 3D or a flat 3D patch. */
export function poseRangesFor(patch: readonly number[]): PoseRanges {
  const longest = Math.max(...patch);
  const about = (largestDegDhw: ShapeDhw, isInPlane: boolean): PoseRanges => ({
    rotation: { probability: 0.2, largestDegDhw },
    scaling: V2_SCALING,
    isInPlane,
  });
  if (patch.length === 2) return about([longest / Math.min(...patch) > ELONGATED_RATIO ? 15 : 180, 0, 0], true);
  if (longest / patch[0]! > ANISOTROPIC_RATIO) return about([180, 0, 0], true);
  return about([30, 30, 30], false);
}

function v2Augmentation(pose: PoseRanges, axes: readonly Axis[], maskedChannels: readonly number[]): Augmentation {
  const steps: AugmentationStep[] = [
    { transform: 'noise', probability: 0.1, sigma: [0, 0.1], isSharedByChannels: true },
    { transform: 'blur', probability: 0.2, channelProbability: 0.5, sigma: [0.5, 1], isPerChannel: true },
    { transform: 'brightness', probability: 0.15, factor: [0.75, 1.25] },
    { transform: 'contrast', probability: 0.15, factor: [0.75, 1.25] },
    { transform: 'lowResolution', probability: 0.25, channelProbability: 0.5, scale: [0.5, 1], axes: pose.isInPlane ? [1, 2] : axes },
    { transform: 'gamma', probability: 0.1, exponent: [0.7, 1.5], isInverted: true },
    { transform: 'gamma', probability: 0.3, exponent: [0.7, 1.5], isInverted: false },
    { transform: 'mirror', probability: 0.5, axes },
  ];
  if (maskedChannels.length > 0) steps.push({ transform: 'maskOutside', channels: maskedChannels });
  return { pose, steps };
}

function seedAugmentation(axes: readonly Axis[]): Augmentation {
  return {
    pose: null,
    steps: [
      { transform: 'zoom', probability: 0.15, scale: [0.7, 1], axes },
      { transform: 'mirror', probability: 0.5, axes },
      { transform: 'noise', probability: 0.15, sigma: [0, 0.3], isSharedByChannels: false },
      { transform: 'blur', probability: 0.15, channelProbability: 1, sigma: [0.5, 1.5], isPerChannel: false },
      { transform: 'brightnessAndContrast', probability: 0.15, brightness: [0.7, 1.3], contrast: [0.65, 1.5] },
    ],
  };
}

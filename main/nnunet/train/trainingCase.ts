/**
 * A preprocessed case as training reads it. Its voxels may lie on disk, so a sampler asks for windows and waits for
 * them; only what a window touches is read.
 */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

/** Class indices per voxel; 16 bits where the plan has more classes than 8 bits hold. */
export type ClassArray = Uint8Array | Uint16Array;

/** A box of a case. The arrays are the caller's own: it may change them. */
export interface CaseWindow {
  /** Channel after channel, each [d, h, w] of the window; 0 outside the volume. */
  readonly image: Float32Array;
  /** Network classes [d, h, w]; 0 outside the volume and outside the non-zero mask. */
  readonly classes: ClassArray;
  /**
   * [d, h, w], 1 inside the non-zero mask or labelled: v2 sets the image to 0 elsewhere after augmenting. `null` unless
   * a channel of the plan is normalised inside the mask only.
   */
  readonly inside: Uint8Array | null;
}

export interface TrainingCase {
  readonly shapeDhw: ShapeDhw;
  readonly channels: number;
  /**
   * What a forced patch may be centred on: one list of flat voxel indices ([D, H, W], W fastest) per class, or per
   * region where the plan has regions. Lists may be empty; class 0 has an empty list. nnunet-v2.md §4.
   */
  readonly locations: readonly Uint32Array[];
  /** With an ignore class: voxels that are annotated, background included, for patches that are not forced; else `null`. */
  readonly annotated: Uint32Array | null;
  /** Voxels that a person changed in what a model had drawn; empty where no model drew first, or nothing was changed. */
  readonly corrected: Uint32Array;
  /**
   * The box of `shapeDhw` voxels whose first voxel is `originDhw`, in the space of the network. It may reach over every
   * border of the volume, and lie outside altogether. Windows may be asked for at the same time. Rejects with
   * `disk/corrupt` or errno errors where the case cannot be read.
   */
  readWindow(originDhw: ShapeDhw, shapeDhw: ShapeDhw): Promise<CaseWindow>;
}

/** Where cases come from: memory or disk. */
export interface TrainingCases {
  /** Sampling weight per case. */
  readonly weights: readonly number[];
  /** Cheap where the case was loaded before: it reads the lists, not the voxels. */
  load(index: number): Promise<TrainingCase>;
}

/** What the network of a project thinks belongs to a segment around a place that a user points at. */
import { z } from 'zod';
import { RunId } from './vocabulary.ts';

const Index = z.int().nonnegative();
const Count = z.int().positive();

export const ProposalId = z
  .string()
  .regex(/^[\w-]{1,64}$/)
  .brand<'ProposalId'>();
export type ProposalId = z.infer<typeof ProposalId>;

/** Voxels of the stored grid. */
export const VoxelBox = z.object({ fromIjk: z.tuple([Index, Index, Index]).readonly(), dimsIjk: z.tuple([Count, Count, Count]).readonly() });
export type VoxelBox = z.infer<typeof VoxelBox>;

/** Larger boxes are no click, and take too long to travel. */
export const MOST_PROPOSED_VOXELS = 16_000_000;

export const Proposal = z.object({
  runId: RunId,
  /**
   * Base64 of a gzip of one byte for each voxel of the box, i fastest: the largest share of 255 at which the voxel hangs together
   * with the seed, all voxels on the way being at least as probable. Thresholding it gives the region of each threshold.
   * `null`: it was cancelled.
   */
  levels: z.string().nullable(),
  /** Of the seed; no level is higher. */
  seedLevel: z.int().min(0).max(255),
});
export type Proposal = z.infer<typeof Proposal>;

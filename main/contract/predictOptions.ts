/** What a user may choose about a prediction. */
import { z } from 'zod';
import { Amp } from './vocabulary.ts';

/** `flatGaussian` is NVIDIA's Gaussian: the outer product to the power 1 / axes. */
export const BlendName = z.enum(['gaussian', 'flatGaussian', 'constant']);

export const PredictOptions = z.object({
  /** Average over all mirrored copies: 4 times slower in 2D, 8 times in 3D, a little better. */
  mirror: z.boolean().default(false),
  /** Part of a window that its neighbour covers too; absent: the preset's (v2 ½, seed ¼). */
  overlap: z.number().min(0).max(0.95).optional(),
  /** Absent: the preset's (v2 gaussian, seed constant). */
  blend: BlendName.optional(),
  /** At most so many slices of a 2D network at once, for less memory; absent: 8. The masks are the same. */
  windowsPerCall: z.int().min(1).max(8).optional(),
  amp: Amp.default('off'),
  /** TensorFlow compiles the network: for GPUs, 12 times slower on a CPU. */
  xla: z.boolean().default(false),
  /** Apply the `postprocessing.json` of the runs. */
  postprocess: z.boolean().default(true),
});
export type PredictOptions = z.infer<typeof PredictOptions>;

/** Patches that a training is given, as pictures. */
import { z } from 'zod';

export const ExamplePatchesSummary = z.object({
  /** Of the network: two or three axes. */
  patch: z.array(z.int()),
  channelNames: z.array(z.string()),
  classNames: z.array(z.string()),
  /** `slice` along the first of three axes; one PNG (base64) for each channel. */
  patches: z.array(z.object({ slice: z.int(), pngs: z.array(z.string()) })),
});
export type ExamplePatchesSummary = z.infer<typeof ExamplePatchesSummary>;

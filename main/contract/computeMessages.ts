/** Messages main → compute and compute → main, checked on arrival. */
import { z } from 'zod';
import { AppError } from './errors.ts';
import { JobNews } from './jobs.ts';
import { TaskInput } from './tasks.ts';
import { JobId } from './vocabulary.ts';

export const VaultKey = z.object({
  folder: z.string(),
  key: z.instanceof(Uint8Array),
  /** What in the folder is sealed: names right below it; `null`: all of it. The rest is the user's, the database's or open on purpose. */
  names: z.array(z.string()).nullable(),
});
export type VaultKey = z.infer<typeof VaultKey>;

export const ToCompute = z.discriminatedUnion('type', [
  /** `jobId`: in the names of temporary files. `isBackground`: at idle priority. `vaults`: keys of the encrypted projects that its files lie in; nowhere else are they told. */
  z.object({ type: z.literal('run'), input: TaskInput, jobId: JobId.optional(), isBackground: z.boolean().optional(), vaults: z.array(VaultKey).optional() }),
  z.object({ type: z.literal('stop') }),
  /** A training holds between two steps, a prediction between two windows, as long as it is wanted. */
  z.object({ type: z.literal('pause'), isWanted: z.boolean() }),
]);
export type ToCompute = z.infer<typeof ToCompute>;
export const FromCompute = z.discriminatedUnion('type', [
  z.object({ type: z.literal('news'), news: JobNews }),
  z.object({ type: z.literal('done'), summary: z.record(z.string(), z.unknown()), stopped: z.boolean() }),
  z.object({ type: z.literal('failed'), error: AppError }),
]);
export type FromCompute = z.infer<typeof FromCompute>;

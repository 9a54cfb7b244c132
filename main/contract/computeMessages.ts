/** Messages main → compute and compute → main, checked on arrival. */
import { z } from 'zod';
import { AppError } from './errors.ts';
import { JobNews } from './jobs.ts';
import { TaskInput } from './tasks.ts';

export const ToCompute = z.discriminatedUnion('type', [
  /** `isBackground`: at idle priority. */
  z.object({ type: z.literal('run'), input: TaskInput, isBackground: z.boolean().optional() }),
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

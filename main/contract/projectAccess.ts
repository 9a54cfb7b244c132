/** Who may write to a project at the moment. */
import { z } from 'zod';

/** Letters of a new passphrase. */
export const SHORTEST_PASSPHRASE = 8;

/** The program that has a project open for writing, by its own account. */
export const ProjectHolder = z.object({ userName: z.string(), hostName: z.string(), processId: z.int(), sinceMs: z.number() });
export type ProjectHolder = z.infer<typeof ProjectHolder>;

export const ReadOnlyReason = z.enum([
  /** Another running program writes to it. */
  'inUse',
  /** Another computer claimed it and never gave it back: it may still be at work, or have crashed. Only a person can tell. */
  'otherComputer',
  /** The folder, or the medium it lies on, cannot be written to. */
  'notWritable',
]);
export type ReadOnlyReason = z.infer<typeof ReadOnlyReason>;

/** A project opened to look at. What it shows is as it was at `asOfMs`; opening it again looks anew. */
export const ReadOnlyAccess = z.object({
  reason: ReadOnlyReason,
  /** `null`: nobody, or nobody knows. */ holder: ProjectHolder.nullable(),
  asOfMs: z.number(),
});
export type ReadOnlyAccess = z.infer<typeof ReadOnlyAccess>;

/** Trainings on other computers: which cluster, and what the two sides leave each other in a folder that both see. */
import { z } from 'zod';

/** Ray's dashboard, `ray://HOST[:PORT]`, or Slurm as this computer knows it, `slurm[:PARTITION]`. */
export const ClusterAddress = z.string().regex(/^(ray:\/\/[^\s/]+|slurm(:[\w.,-]+)?)$/);

export const ClusterChoice = z.object({
  on: ClusterAddress,
  /** Absolute; seen by this computer and every node under this path. Inputs are copied there. Absent: the nodes see the project itself. */
  sharedFolder: z.string().min(1).optional(),
  /** Of a node, for each training. */
  cpus: z.int().positive().default(4),
  gpus: z.int().nonnegative().default(0),
  /** How often a training whose node was lost is sent again. */
  retries: z.int().nonnegative().default(3),
});
export type ClusterChoice = z.infer<typeof ClusterChoice>;

/** What the node that answered a probe has. */
export const ClusterCheck = z.object({ node: z.string(), runtime: z.string() });
export type ClusterCheck = z.infer<typeof ClusterCheck>;

/** What would leave this computer. */
export const ClusterHandout = z.object({ caseCount: z.int(), bytes: z.number(), /** Where the nodes read it. */ folder: z.string(), isCopied: z.boolean() });
export type ClusterHandout = z.infer<typeof ClusterHandout>;

/**
 * A mailbox is a folder for one task on one node. The task lies in it before the node is asked; `hostFile` is written anew every
 * few seconds; the node appends its messages (`FromCompute`, one JSON object per line) to `newsFile`.
 */
export const MAILBOX = { taskFile: 'task.json', hostFile: 'host.json', newsFile: 'news.ndjson' } as const;
/** Of whoever waits for the news. `beat` grows while somebody does. */
export const HostWord = z.object({ beat: z.int(), isStopWanted: z.boolean() });
export type HostWord = z.infer<typeof HostWord>;
export const HOST_BEAT_MS = 5_000;
/** A node that heard nothing for so long stops and saves. */
export const HOST_SILENCE_MS = 120_000;

/** What the command on a node ends with when it cannot begin. */
export const NODE_EXIT = { noFolder: 81, noProgram: 82, noNode: 83, otherVersion: 84 } as const;
/** Begins the line in which it says why. */
export const NODE_SAYS = 'maskloop-node: ';

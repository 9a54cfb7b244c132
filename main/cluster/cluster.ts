/** What Maskloop asks of a cluster; Ray and Slurm each have their own way. All methods throw AppException `cluster/…`. */

/** A command line for `/bin/sh`, and what it needs of its node. */
export interface ClusterJob {
  readonly name: string;
  readonly command: string;
  readonly cpus: number;
  readonly gpus: number;
  /** Seen by the nodes; a file for what the command prints may lie there. */
  readonly folder: string;
}

export type ClusterJobState =
  | { readonly kind: 'waiting' | 'running' }
  /** `exitCode` as a shell tells it; the command came to an end of its own. */
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** Somebody at the cluster ended it. */
  | { readonly kind: 'cancelled' }
  /** Its node died, was taken away, or its time was over. */
  | { readonly kind: 'lost'; readonly detail: string };

export interface Cluster {
  /** As the user named it. */
  readonly name: string;
  /** The id under which the cluster knows it. */
  submit(job: ClusterJob): Promise<string>;
  state(id: string): Promise<ClusterJobState>;
  /** Does nothing for a job that has ended. */
  cancel(id: string): Promise<void>;
  /** What it printed so far. */
  output(id: string, job: ClusterJob): Promise<string>;
}

/** For tests: a cluster of one node, which is a shell on this computer. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Cluster, ClusterJob, ClusterJobState } from '../cluster.ts';

export class LocalCluster implements Cluster {
  readonly name = 'ray://test';
  readonly jobs: ClusterJob[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #output: string[] = [];
  /** What `state` answers instead. */
  override: (() => ClusterJobState) | null = null;
  #isCancelled = false;

  async submit(job: ClusterJob): Promise<string> {
    const child = spawn('/bin/sh', ['-c', job.command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const id = this.#children.push(child) - 1;
    this.jobs.push(job);
    this.#output[id] = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.#output[id] += chunk.toString()));
    return String(id);
  }

  async state(id: string): Promise<ClusterJobState> {
    if (this.override) return this.override();
    const { exitCode, signalCode } = this.#child(id);
    if (this.#isCancelled) return { kind: 'cancelled' };
    if (exitCode !== null) return { kind: 'exited', exitCode };
    return signalCode === null ? { kind: 'running' } : { kind: 'lost', detail: `node gone (${signalCode})` };
  }

  /** As `scancel` and the stop of a Ray job: by SIGTERM. */
  async cancel(id: string): Promise<void> {
    this.#child(id).kill('SIGTERM');
  }

  cancelThere(): void {
    this.#isCancelled = true;
    this.#children.at(-1)?.kill('SIGTERM');
  }

  loseNode(): void {
    this.#children.at(-1)?.kill('SIGKILL');
  }

  /** SIGTERM before a time limit. */
  warn(): void {
    this.#children.at(-1)?.kill('SIGTERM');
  }

  isAlive(id: string): boolean {
    return this.#child(id).exitCode === null && this.#child(id).signalCode === null;
  }

  async output(id: string): Promise<string> {
    return this.#output[Number(id)] ?? '';
  }

  #child(id: string): ChildProcess {
    const child = this.#children[Number(id)];
    if (!child) throw new Error(`no job ${id}`);
    return child;
  }
}

/** Compute processes on the nodes of a cluster, for a job queue that knows nothing of it. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterChoice, HOST_BEAT_MS, NODE_EXIT, NODE_SAYS } from '../contract/cluster.ts';
import { FromCompute, type ToCompute } from '../contract/computeMessages.ts';
import { type AppError, AppException, toAppError } from '../contract/errors.ts';
import { TaskItem, type TaskInput } from '../contract/tasks.ts';
import type { ComputeHost, ComputeListeners, ComputeProcess } from '../jobs/computeHost.ts';
import type { Cluster, ClusterJob, ClusterJobState } from './cluster.ts';
import { MailboxPost } from './mailboxPost.ts';
import { nodeCommand } from './nodeCommand.ts';
import type { SharedCopy } from './sharedCopy.ts';

export interface ClusterTimes {
  /** Between two looks into the mailbox. */
  readonly lookMs: number;
  /** Between two questions to the cluster. */
  readonly askMs: number;
  /** Neither news nor an answer of the cluster for so long: the task is given up. */
  readonly silenceMs: number;
  /** For the last news to become visible here once the cluster says that the job has ended, and the other way round. */
  readonly settleMs: number;
}
const CLUSTER_TIMES: ClusterTimes = { lookMs: 500, askMs: 2_000, silenceMs: 300_000, settleMs: 3_000 };

export interface ClusterHostSpec {
  readonly cluster: Cluster;
  readonly choice: Pick<ClusterChoice, 'cpus' | 'gpus'>;
  /** The folder of mailboxes, seen by the nodes. */
  readonly mail: string;
  /** `null`: the nodes see the project itself. */
  readonly copy: SharedCopy | null;
  /** Of this Maskloop, and where it lies on the nodes unless they say otherwise. */
  readonly version: string;
  readonly home: string;
  readonly times?: ClusterTimes;
}

export function createClusterComputeHost(spec: ClusterHostSpec): ComputeHost {
  return { start: (listeners) => new ClusterProcess(spec, listeners) };
}

type Verdict = Exclude<FromCompute, { type: 'news' }>;

class ClusterProcess implements ComputeProcess {
  readonly #times: ClusterTimes;
  #input: TaskInput | null = null;
  #post: MailboxPost | null = null;
  #isStopWanted = false;
  #isKilled = false;
  #node: string | null = null;
  #heardAtMs = Date.now();

  constructor(
    private readonly spec: ClusterHostSpec,
    private readonly listeners: ComputeListeners,
  ) {
    this.#times = spec.times ?? CLUSTER_TIMES;
  }

  send(message: ToCompute): void {
    if (message.type === 'run') void this.#live(message);
    if (message.type !== 'stop') return; // nobody here needs what a pause would give back
    this.#isStopWanted = true;
    // when it fails the next beat carries it
    void this.#post?.stop().catch(() => undefined);
  }

  kill(): void {
    this.#isKilled = true;
  }

  /** Never rejects; `onExit` comes last and once. */
  async #live(message: Extract<ToCompute, { type: 'run' }>): Promise<void> {
    const { copy } = this.spec;
    let isKilled = false;
    copy?.begin();
    try {
      const verdict = await this.#run(message);
      isKilled = verdict === null;
      if (verdict) this.listeners.onMessage(verdict);
    } catch (thrown) {
      this.listeners.onMessage({ type: 'failed', error: toAppError(thrown, this.spec.mail) });
    } finally {
      await this.#tidy(() => this.#post?.close());
      await this.#tidy(() => copy?.end());
      this.listeners.onExit(isKilled ? null : 0, isKilled ? 'SIGKILL' : null, '');
    }
  }

  /** What cannot be removed is told and takes nothing from the job. */
  async #tidy(work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.listeners.onMessage({ type: 'news', news: { type: 'problem', error: toAppError(thrown, this.spec.mail) } });
    }
  }

  /** Null when it was killed. */
  async #run({ input, vaults }: Extract<ToCompute, { type: 'run' }>): Promise<Verdict | null> {
    const { cluster, choice, mail, copy, version, home } = this.spec;
    // the keys stay here, whoever forgot to ask
    if (vaults && vaults.length > 0) throw new AppException({ code: 'cluster/encrypted-project', cluster: cluster.name });
    this.#input = input;
    if (copy) this.#tell({ type: 'progress', progress: { phase: 'writing', done: 0, total: 0 } });
    const message = { type: 'run' as const, input: copy ? await copy.handOver(input) : input };
    this.#post = await MailboxPost.open(mail, version, message);
    const command = nodeCommand({ mailbox: this.#post.folder, home, cpus: choice.cpus });
    const job: ClusterJob = { name: nameOf(input), command, ...choice, folder: this.#post.folder };
    if (this.#isKilled) return null;
    const id = await cluster.submit(job);
    this.#tell({ type: 'progress', progress: { phase: 'waiting', done: 0, total: 0 } });
    try {
      const verdict = await this.#follow(this.#post, id);
      if (verdict) await this.#untilEnded(id);
      return verdict;
    } finally {
      await this.#keepOutput(id, job);
      // does nothing to what has ended; what has not must not go on unheard
      await this.#tidy(() => cluster.cancel(id));
    }
  }

  async #follow(post: MailboxPost, id: string): Promise<Verdict | null> {
    let state: ClusterJobState = { kind: 'waiting' };
    let [beatAtMs, askedAtMs] = [Date.now(), 0];
    this.#heardAtMs = Date.now();
    for (;;) {
      const verdict = await this.#listen(post);
      if (verdict) return this.#settled(verdict, id);
      if (this.#isKilled) return null;
      if (isOver(state)) return this.#ended(post, id, state);
      // nothing has begun, so there is nothing to save
      if (this.#isStopWanted && this.#node === null && state.kind === 'waiting') return { type: 'done', summary: {}, stopped: true };
      if (Date.now() - beatAtMs >= HOST_BEAT_MS) {
        await post.beat();
        beatAtMs = Date.now();
      }
      if (Date.now() - askedAtMs >= this.#times.askMs) {
        state = (await this.#ask(id)) ?? state;
        askedAtMs = Date.now();
      }
      await sleep(this.#times.lookMs);
    }
  }

  /** Tells what has come, in order; the verdict when there is one. What a checkpoint is about is here before it is told. */
  async #listen(post: MailboxPost): Promise<Verdict | null> {
    for (const raw of await post.news()) {
      this.#heardAtMs = Date.now();
      const message = FromCompute.safeParse(raw);
      if (!message.success) throw new Error(`news from ${this.spec.cluster.name} do not fit the contract: ${message.error.message}`);
      if (message.data.type !== 'news') {
        await this.#bringBack();
        return message.data;
      }
      const { news } = message.data;
      const item = news.type === 'item' ? TaskItem.safeParse(news.item).data : undefined;
      if (item?.kind === 'placed') this.#node = item.node;
      if (item?.kind === 'checkpoint') await this.#bringBack();
      this.#tell(news);
    }
    return null;
  }

  /** Null while the cluster does not answer. Throws when that has been for too long, and nothing came from the node either. */
  async #ask(id: string): Promise<ClusterJobState | null> {
    try {
      const state = await this.spec.cluster.state(id);
      this.#heardAtMs = Date.now();
      return state;
    } catch (thrown) {
      const { code } = toAppError(thrown);
      if (code === 'cluster/unreachable' && Date.now() - this.#heardAtMs < this.#times.silenceMs) return null;
      throw thrown;
    }
  }

  /** A task that stopped though nobody here asked it to was told so by the cluster: whether it may go on elsewhere, its end says. */
  async #settled(verdict: Verdict, id: string): Promise<Verdict> {
    if (verdict.type === 'failed' || !verdict.stopped || this.#isStopWanted) return verdict;
    const state = await this.#untilEnded(id);
    if (state?.kind === 'cancelled') return failed({ code: 'cluster/cancelled-there', cluster: this.spec.cluster.name });
    return failed(this.#lost(state?.kind === 'lost' ? state.detail : 'it was told to stop there, or heard nothing from here for minutes'));
  }

  /** The state in which the job ended; the last one known where that takes too long for a process that has answered. */
  async #untilEnded(id: string): Promise<ClusterJobState | null> {
    const untilMs = Date.now() + this.#times.settleMs;
    for (;;) {
      // the answer is there; a cluster that says nothing more takes nothing from it
      const state = await this.#ask(id).catch(() => null);
      if ((state !== null && isOver(state)) || Date.now() >= untilMs) return state;
      await sleep(this.#times.lookMs);
    }
  }

  /** The cluster says that the job is over, and no verdict has come. */
  async #ended(post: MailboxPost, id: string, state: Over): Promise<Verdict> {
    await sleep(this.#times.settleMs);
    const late = await this.#listen(post);
    if (late) return this.#settled(late, id);
    await this.#bringBack();
    if (state.kind === 'cancelled') return failed({ code: 'cluster/cancelled-there', cluster: this.spec.cluster.name });
    if (state.kind === 'lost') return failed(this.#lost(state.detail));
    const detail = await this.spec.cluster.output(id, { name: '', command: '', cpus: 0, gpus: 0, folder: post.folder }).catch(() => '');
    return failed(this.#died(state.exitCode, detail));
  }

  #lost(detail: string): AppError {
    return { code: 'cluster/node-lost', cluster: this.spec.cluster.name, node: this.#node, detail };
  }

  #died(exitCode: number, output: string): AppError {
    const said = output
      .split('\n')
      .filter((line) => line.startsWith(NODE_SAYS))
      .at(-1);
    const isUnusable = Object.values(NODE_EXIT).some((status) => status === exitCode);
    if (isUnusable) return { code: 'cluster/node-unusable', cluster: this.spec.cluster.name, detail: said?.slice(NODE_SAYS.length) ?? `exit code ${exitCode}` };
    const tail = output.trim().slice(-TAIL_CHARACTERS);
    return { code: 'job/process-died', exitCode, signal: null, ...(tail && { detail: tail }) };
  }

  #tell(news: Extract<FromCompute, { type: 'news' }>['news']): void {
    this.listeners.onMessage({ type: 'news', news });
  }

  async #bringBack(): Promise<void> {
    if (this.#input) await this.spec.copy?.bringBack(this.#input);
  }

  /** What the process printed, attempt after attempt, beside the run. */
  async #keepOutput(id: string, job: ClusterJob): Promise<void> {
    if (this.#input?.task !== 'train') return;
    const output = await this.spec.cluster.output(id, job).catch((thrown: unknown) => `(not to be had: ${String(thrown)})`);
    const heading = `=== ${new Date().toISOString()} ${this.spec.cluster.name} job ${id} on ${this.#node ?? 'no node'}`;
    await this.#tidy(() => appendFile(join((this.#input as { runFolder: string }).runFolder, OUTPUT_FILE), `${heading}\n${output.trim()}\n`));
  }
}

const TAIL_CHARACTERS = 8 * 1024;
const OUTPUT_FILE = 'cluster-output.txt';

type Over = Exclude<ClusterJobState, { kind: 'waiting' | 'running' }>;
const isOver = (state: ClusterJobState): state is Over => state.kind !== 'waiting' && state.kind !== 'running';
const failed = (error: AppError): Verdict => ({ type: 'failed', error });

/** Names of the cluster's jobs say no more than the run. */
const nameOf = (input: TaskInput): string => (input.task === 'train' ? `maskloop-${input.runId}` : `maskloop-${input.task}`);

import { createContext } from 'svelte';
import type { CallInput, RunInfo } from '../../../main/contract/api.ts';
import type { AutoRetrainSettings, AutoRetrainState } from '../../../main/contract/autoRetrain.ts';
import type { Metric } from '../../../main/contract/jobs.ts';
import type { CaseId, JobId, RunId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** Models of the project, the curves of one of them, and what starts training and prediction. */
export class Trainer {
  #runs = $state.raw<readonly RunInfo[]>([]);
  /** Replaced whole, never mutated: `$state.raw` keeps Svelte from proxying thousands of points. */
  #metrics = $state.raw<readonly Metric[]>([]);
  #shownRunId = $state<RunId | null>(null);
  #autoRetrain = $state.raw<AutoRetrainState | null>(null);
  readonly latestModel = $derived(this.#runs.find((run) => run.hasCheckpoint) ?? null);
  readonly shownRun = $derived(this.#runs.find((run) => run.runId === this.#shownRunId) ?? null);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  /** Newest first. */
  get runs(): readonly RunInfo[] {
    return this.#runs;
  }
  get metrics(): readonly Metric[] {
    return this.#metrics;
  }

  /** When a retraining starts by itself; `null` until it is known. */
  get autoRetrain(): AutoRetrainState | null {
    return this.#autoRetrain;
  }

  async setAutoRetrain(settings: AutoRetrainSettings): Promise<void> {
    const state = await this.notices.attempt(() => this.api.call('nnunet.setAutoRetrain', settings));
    if (state) this.#autoRetrain = state;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.reload();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'runs' || event.type === 'project') void this.reload();
        if (event.type === 'cases') void this.#reloadAutoRetrain();
        if (event.type === 'job' && event.event.type === 'metric' && event.event.jobId === this.shownRun?.jobId) {
          this.#metrics = [...this.#metrics, event.event.metric];
        }
      },
      () => void this.reload(),
    );
  }

  async reload(): Promise<void> {
    const answer = await this.notices.attempt(() => this.api.call('nnunet.listRuns', {}));
    if (!answer) return;
    this.#runs = answer.runs;
    await this.#reloadAutoRetrain();
    if (!this.shownRun && answer.runs.length > 0) await this.show(answer.runs[0]!.runId);
  }

  async #reloadAutoRetrain(): Promise<void> {
    this.#autoRetrain = (await this.notices.attempt(() => this.api.call('nnunet.autoRetrain', {}))) ?? null;
  }

  async show(runId: RunId): Promise<void> {
    this.#shownRunId = runId;
    this.#metrics = [];
    const answer = await this.notices.attempt(() => this.api.call('nnunet.metrics', { runId }));
    if (answer && this.#shownRunId === runId) this.#metrics = answer.metrics;
  }

  async train(input: CallInput<'nnunet.train'>): Promise<void> {
    const started = await this.notices.attempt(() => this.api.call('nnunet.train', input));
    if (!started) return;
    await this.reload();
    await this.show(started.runId);
  }

  async resume(runId: RunId): Promise<void> {
    await this.notices.attempt(() => this.api.call('nnunet.resume', { runId }));
    await this.reload();
    await this.show(runId);
  }

  /** `caseIds` absent: every case without an accepted mask. Returns the job, or undefined when it could not start. */
  async predict(caseIds?: CaseId[]): Promise<JobId | undefined> {
    return (await this.notices.attempt(() => this.api.call('nnunet.predict', { caseIds })))?.jobId;
  }
}

export const [getTrainer, setTrainer] = createContext<Trainer>();

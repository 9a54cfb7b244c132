import { createContext } from 'svelte';
import type { CallInput, CallName, CallOutput, ModelInfo } from '../../../main/contract/api.ts';
import type { AutoRetrainSettings, AutoRetrainState } from '../../../main/contract/autoRetrain.ts';
import type { GateReport, GateVerdict } from '../../../main/contract/gate.ts';
import type { JobEvent, Metric } from '../../../main/contract/jobs.ts';
import { GateSummary } from '../../../main/contract/gateTask.ts';
import type { CaseId, JobId, RunId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** A comparison of two models leaves its cases and pictures in the file. */
export interface ShownReport {
  readonly verdict: Omit<GateVerdict, 'cases'>;
  readonly cases: GateVerdict['cases'];
  readonly pictures: GateReport['pictures'];
  readonly htmlFile: string | null;
}

/** Models of the project, the curves of one of them, and what starts training and prediction. */
export class Trainer {
  #runs = $state.raw<readonly ModelInfo[]>([]);
  /** Replaced whole, never mutated: `$state.raw` keeps Svelte from proxying thousands of points. */
  #metrics = $state.raw<readonly Metric[]>([]);
  #shownRunId = $state<RunId | null>(null);
  #autoRetrain = $state.raw<AutoRetrainState | null>(null);
  #adviseFullRetrain = $state(false);
  #report = $state.raw<ShownReport | null>(null);
  #comparisonJobId: JobId | null = null;
  /** What predicts: while none has been chosen, the newest with weights. */
  readonly currentModel = $derived(this.#runs.find((run) => run.isCurrent) ?? this.#runs.find((run) => run.hasCheckpoint) ?? null);
  readonly shownRun = $derived(this.#runs.find((run) => run.runId === this.#shownRunId) ?? null);

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  /** Newest first. */
  get runs(): readonly ModelInfo[] {
    return this.#runs;
  }
  get metrics(): readonly Metric[] {
    return this.#metrics;
  }

  /** The gate refused two candidates in a row. */
  get adviseFullRetrain(): boolean {
    return this.#adviseFullRetrain;
  }
  /** How a model was judged, as the user asked to see it. */
  get report(): ShownReport | null {
    return this.#report;
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
        if (event.type === 'runs' || (event.type === 'project' && event.isOpen)) void this.reload();
        if (event.type === 'cases') void this.#reloadAutoRetrain();
        if (event.type === 'job') this.#showComparison(event.event);
        if (event.type === 'job' && event.event.type === 'metric' && event.event.jobId === this.shownRun?.jobId) {
          this.#metrics = [...this.#metrics, event.event.metric];
        }
      },
      () => void this.reload(),
    );
  }

  async reload(): Promise<void> {
    const answer = await this.notices.attempt(() => this.api.call('models.list', {}));
    if (!answer) return;
    this.#runs = answer.models;
    this.#adviseFullRetrain = answer.adviseFullRetrain;
    await this.#reloadAutoRetrain();
    if (!this.shownRun && answer.models.length > 0) await this.show(answer.models[0]!.runId);
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

  /** Predicts from now on, whatever the gate said. */
  readonly use = (runId: RunId) => this.#change('models.use', { runId });
  readonly rollBack = () => this.#change('models.rollBack', {});
  readonly pin = (runId: RunId, isPinned: boolean) => this.#change('models.pin', { runId, isPinned });
  readonly remove = (runId: RunId) => this.#change('models.delete', { runId });
  /** Judges a finished training whose verdict is missing. */
  readonly judge = (runId: RunId) => this.#change('models.gate', { runId });

  /** Trains it again from its record; the list tells how the two compare. */
  async rerun(runId: RunId): Promise<void> {
    const started = await this.#change('models.rerun', { runId });
    if (started) await this.show(started.runId);
  }

  /** As one file; false when it could not start. */
  async exportModel(runId: RunId, output: string): Promise<boolean> {
    return (await this.#change('model.export', { runId, output })) !== undefined;
  }
  async importModel(file: string): Promise<boolean> {
    return (await this.#change('model.import', { file })) !== undefined;
  }

  /** Shows the outcome when it is there. */
  async compareWithCurrent(runId: RunId): Promise<void> {
    const current = this.currentModel;
    if (!current) return;
    const started = await this.#change('models.compare', { runId, withRunId: current.runId });
    this.#comparisonJobId = started?.jobId ?? null;
  }

  async showReport(runId: RunId): Promise<void> {
    const report = await this.notices.attempt(() => this.api.call('models.gateReport', { runId }));
    if (report) this.#report = { ...report, cases: report.verdict.cases };
  }

  closeReport(): void {
    this.#report = null;
  }

  #showComparison(event: JobEvent): void {
    if (event.jobId !== this.#comparisonJobId || event.type !== 'succeeded') return;
    const summary = GateSummary.safeParse(event.summary);
    if (summary.success) this.#report = { verdict: summary.data.verdict, cases: [], pictures: [], htmlFile: summary.data.reportFile };
  }

  /** The list follows by the event that the change sends. */
  async #change<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K> | undefined> {
    return this.notices.attempt(() => this.api.call(name, input));
  }

  /** `caseIds` absent: every case without an accepted mask. Returns the job, or undefined when it could not start. */
  async predict(caseIds?: CaseId[]): Promise<JobId | undefined> {
    return (await this.notices.attempt(() => this.api.call('nnunet.predict', { caseIds })))?.jobId;
  }
}

export const [getTrainer, setTrainer] = createContext<Trainer>();

/** Starts a retraining by itself once enough label maps are newly accepted, when the user has asked for that. */
import { AutoRetrainSettings, type AutoRetrainState } from '../contract/autoRetrain.ts';
import { type AppError, toAppError } from '../contract/errors.ts';
import type { AppEvent, RunInfo } from '../contract/api.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { EventHub } from './eventHub.ts';
import type { OpenProject, ProjectSession } from './projectSession.ts';
import { newlyAcceptedCount } from './retrainCases.ts';
import { startTraining } from './trainServices.ts';
import { readIfThere } from '../dataset/readIfThere.ts';

const OFF: AutoRetrainSettings = { afterAccepted: null, minutes: 10 };

export class AutoRetrain {
  /** Why the last start came to nothing. */
  #problem: AppError | null = null;
  #isWatching = false;
  /** One look after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly session: ProjectSession,
    private readonly events: EventHub,
    private readonly author: () => string,
  ) {}

  /** For programs that stay: a command line that ends soon would only begin what it then stops. Returns the unsubscribe function. */
  watch(): () => void {
    this.#isWatching = true;
    const unsubscribe = this.events.subscribe((event) => {
      if (mayMatter(event)) this.#lookSoon();
    });
    return () => {
      this.#isWatching = false;
      unsubscribe();
    };
  }

  async state(): Promise<AutoRetrainState> {
    const { store } = this.session.current();
    return { ...(await readSettings(store)), newlyAccepted: newlyAcceptedCount(store), problem: this.#problem };
  }

  async change(settings: AutoRetrainSettings): Promise<AutoRetrainState> {
    const { store } = this.session.current();
    const record = { version: 1, ...settings };
    await writeFileAtomic(store.folder.autoRetrain, Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
    this.#problem = null;
    this.#lookSoon();
    return this.state();
  }

  #lookSoon(): void {
    if (this.#isWatching) this.#turn = this.#turn.then(() => this.#look());
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    try {
      const project = this.session.info();
      if (project && !project.readOnly) await this.session.during((project) => this.#startIfDue(project));
    } catch (thrown) {
      this.#problem = toAppError(thrown);
      this.events.emit({ type: 'runs' });
    }
  }

  async #startIfDue(project: OpenProject): Promise<void> {
    const { store, queue } = project;
    const { afterAccepted, minutes } = await readSettings(store);
    const parent = parentOf(store);
    const isTraining = queue.list().some(({ kind, state }) => kind === 'train' && (state === 'queued' || state === 'running'));
    if (afterAccepted === null || parent === null || isTraining || newlyAcceptedCount(store) < afterAccepted) return;
    const { configuration, fold, preset, amp, runId: parentRunId } = parent;
    await startTraining(project, this.events, this.author(), { configuration, fold, preset, amp, minutes, parentRunId, choices: {} }, { isBackground: true });
    this.#problem = null;
  }
}

/** Something was accepted, a training made room, or a project was opened. */
function mayMatter(event: AppEvent): boolean {
  if (event.type === 'cases' || event.type === 'project') return true;
  return event.type === 'job' && ['succeeded', 'failed', 'cancelled'].includes(event.event.type);
}

/** What a user would go on from; `null` before the first model: that one the user starts. */
function parentOf(store: ProjectStore): RunInfo | null {
  const runId = store.models.current() ?? store.runs.lastTrained();
  return (runId && store.runs.find(runId)) ?? null;
}

/** Throws on a file that is no longer one of ours: better no training than one nobody wanted. */
async function readSettings(store: ProjectStore): Promise<AutoRetrainSettings> {
  const bytes = await readIfThere(store.folder.autoRetrain);
  return bytes === null ? OFF : AutoRetrainSettings.parse(JSON.parse(bytes.toString('utf8')));
}

import { createContext } from 'svelte';
import type { CallInput, CaseStatus, CaseSummary } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import { describeOrderReason } from '../../../main/contract/worklistOrder.ts';
import type { CaseFigures, OrderStrategy, WorklistOrder } from '../../../main/contract/worklistOrder.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';
import { countStatuses, filterCases, sortCases, type Place, type SortKey } from './caseFilter.ts';

/** The cases of the open project. */
export class Worklist {
  #cases = $state.raw<readonly CaseSummary[]>([]);
  #order = $state.raw<WorklistOrder | null>(null);
  #figures = $state.raw<ReadonlyMap<CaseId, CaseFigures>>(new Map());
  #isReading = false;
  #isStale = false;
  search = $state('');
  /** Empty: all but the excluded ones. */
  statuses = $state.raw<ReadonlySet<CaseStatus>>(new Set());
  place = $state<Place>('any');
  sort = $state<SortKey>('name');
  readonly #sorted = $derived(sortCases(this.#cases, this.sort, this.#figures, this.#order));
  readonly shown = $derived(filterCases(this.#sorted, { search: this.search, statuses: this.statuses, place: this.place }));
  readonly counts = $derived(countStatuses(this.#cases));
  readonly reasons: ReadonlyMap<CaseId, string> = $derived(new Map(this.#order?.cases.map(({ caseId, reason }) => [caseId, describeOrderReason(reason)])));

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get cases(): readonly CaseSummary[] {
    return this.#cases;
  }
  get figures(): ReadonlyMap<CaseId, CaseFigures> {
    return this.#figures;
  }
  get strategy(): OrderStrategy | null {
    return this.#order?.strategy ?? null;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    this.clearFilters();
    this.sort = 'name';
    void this.reload();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'cases' || (event.type === 'project' && event.isOpen)) void this.reload();
      },
      () => void this.reload(),
    );
  }

  /** An import tells of every case: what comes in while the list is read is read once more, not once each. */
  async reload(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#isStale) {
      this.#isStale = false;
      await this.#read();
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    const [answer, known] = await Promise.all([
      this.notices.attempt(() => this.api.call('dataset.listCases', {})),
      this.notices.attempt(() => this.api.call('worklist.figures', {})),
      this.#reorder({}),
    ]);
    if (answer) this.#cases = answer.cases;
    if (known) this.#figures = new Map(known.cases.map((one) => [one.caseId, one]));
  }

  /** From now on for this project. */
  async chooseStrategy(strategy: OrderStrategy): Promise<void> {
    await this.#reorder({ strategy, remember: true });
  }

  async #reorder(choice: CallInput<'worklist.order'>): Promise<void> {
    const order = await this.notices.attempt(() => this.api.call('worklist.order', choice));
    if (order) this.#order = order;
  }

  toggleStatus(status: CaseStatus): void {
    const chosen = new Set(this.statuses);
    if (!chosen.delete(status)) chosen.add(status);
    this.statuses = chosen;
  }

  clearFilters(): void {
    this.search = '';
    this.statuses = new Set();
    this.place = 'any';
  }

  /** `reason` `null`: it takes part again. The list follows by the event. */
  async setExcluded(caseId: CaseId, reason: string | null): Promise<boolean> {
    const done = await this.notices.attempt(() => this.api.call('dataset.setExcluded', { caseIds: [caseId], reason }));
    if (done) this.notices.say(reason === null ? `${caseId} takes part again.` : `${caseId} is excluded.`);
    return done !== undefined;
  }

  /** The first to correct that is not open. */
  next(openCaseId: CaseId | null): CaseId | null {
    return this.#order?.cases.find(({ caseId }) => caseId !== openCaseId)?.caseId ?? null;
  }

  /** The case after (or before) the given one in what is shown; wraps around. */
  neighbour(caseId: CaseId | null, offset: 1 | -1): CaseId | null {
    const { shown } = this;
    if (shown.length === 0) return null;
    const at = shown.findIndex((entry) => entry.caseId === caseId);
    const next = at < 0 ? 0 : (at + offset + shown.length) % shown.length;
    return shown[next]!.caseId;
  }
}

export const [getWorklist, setWorklist] = createContext<Worklist>();

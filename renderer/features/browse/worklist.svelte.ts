import { createContext } from 'svelte';
import type { CallInput, CaseSummary } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import { describeOrderReason } from '../../../main/contract/worklistOrder.ts';
import type { OrderStrategy, WorklistOrder } from '../../../main/contract/worklistOrder.ts';
import type { AppApi } from '../../lib/api.ts';
import type { Notices } from '../../lib/notices.svelte.ts';

/** Pure: cases whose id, subject, modality or status contains every word of the search. */
export function filterCases(cases: readonly CaseSummary[], search: string): readonly CaseSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return cases.filter((entry) => {
    const text = `${entry.caseId} ${entry.subject} ${entry.modality} ${entry.status}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Pure: those of the order first, as it says; then the others as they were. */
export function nextFirst(cases: readonly CaseSummary[], order: WorklistOrder | null): readonly CaseSummary[] {
  if (!order) return cases;
  const rank = new Map(order.cases.map(({ caseId }, index) => [caseId, index]));
  return [...cases].sort((a, b) => (rank.get(a.caseId) ?? Infinity) - (rank.get(b.caseId) ?? Infinity) || 0);
}

/** The cases of the open project. */
export class Worklist {
  #cases = $state.raw<readonly CaseSummary[]>([]);
  #order = $state.raw<WorklistOrder | null>(null);
  search = $state('');
  /** Else by name. */
  isNextFirst = $state(false);
  readonly shown = $derived(filterCases(this.isNextFirst ? nextFirst(this.#cases, this.#order) : this.#cases, this.search));
  readonly reasons: ReadonlyMap<CaseId, string> = $derived(new Map(this.#order?.cases.map(({ caseId, reason }) => [caseId, describeOrderReason(reason)])));

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get cases(): readonly CaseSummary[] {
    return this.#cases;
  }
  get strategy(): OrderStrategy | null {
    return this.#order?.strategy ?? null;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.reload();
    return this.api.subscribe(
      (event) => {
        if (event.type === 'cases' || event.type === 'project') void this.reload();
      },
      () => void this.reload(),
    );
  }

  async reload(): Promise<void> {
    const answer = await this.notices.attempt(() => this.api.call('dataset.listCases', {}));
    if (answer) this.#cases = answer.cases;
    await this.#reorder({});
  }

  /** From now on for this project. */
  async chooseStrategy(strategy: OrderStrategy): Promise<void> {
    await this.#reorder({ strategy, remember: true });
  }

  async #reorder(choice: CallInput<'worklist.order'>): Promise<void> {
    const order = await this.notices.attempt(() => this.api.call('worklist.order', choice));
    if (order) this.#order = order;
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

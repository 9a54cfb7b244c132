import { createContext } from 'svelte';
import type { CaseSummary } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
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

/** The cases of the open project. */
export class Worklist {
  #cases = $state.raw<readonly CaseSummary[]>([]);
  search = $state('');
  readonly shown = $derived(filterCases(this.#cases, this.search));

  constructor(
    private readonly api: AppApi,
    private readonly notices: Notices,
  ) {}

  get cases(): readonly CaseSummary[] {
    return this.#cases;
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

import type { CaseStatus, CaseSummary } from '../../../main/contract/api.ts';
import type { CaseId } from '../../../main/contract/vocabulary.ts';
import type { CaseFigures, WorklistOrder } from '../../../main/contract/worklistOrder.ts';

export type Place = 'any' | 'training' | 'validation' | 'unplaced';
export type SortKey = 'name' | 'next' | 'uncertainty' | 'time' | 'imported' | 'status';

export interface CaseFilter {
  readonly search: string;
  /** Empty: all but the excluded ones. */
  readonly statuses: ReadonlySet<CaseStatus>;
  readonly place: Place;
}
export type FiguresById = ReadonlyMap<CaseId, CaseFigures>;

export const STATUSES: readonly CaseStatus[] = ['new', 'predicted', 'corrected', 'accepted', 'excluded'];

export const placeOf = ({ placement, fold }: CaseSummary): Exclude<Place, 'any'> => (placement === null ? 'unplaced' : fold === 0 ? 'validation' : 'training');

/** Cases that have every word of the search somewhere and pass both filters. */
export function filterCases(cases: readonly CaseSummary[], { search, statuses, place }: CaseFilter): readonly CaseSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return cases.filter((entry) => {
    if (statuses.size > 0 ? !statuses.has(entry.status) : entry.exclusion !== null) return false;
    if (place !== 'any' && placeOf(entry) !== place) return false;
    if (words.length === 0) return true;
    const text = searchText(entry);
    return words.every((word) => text.includes(word));
  });
}

const searchText = (entry: CaseSummary): string =>
  [
    entry.caseId,
    entry.subject,
    entry.modality,
    entry.status,
    entry.channelNames.join(' '),
    entry.sourcePath,
    entry.latestSource ?? '',
    entry.exclusion?.reason ?? '',
  ]
    .join(' ')
    .toLowerCase();

/** Those of the order first, as it says; then the others as they were. */
export function nextFirst(cases: readonly CaseSummary[], order: WorklistOrder | null): readonly CaseSummary[] {
  if (!order) return cases;
  const rank = new Map(order.cases.map(({ caseId }, index) => [caseId, index]));
  return [...cases].sort((a, b) => (rank.get(a.caseId) ?? Infinity) - (rank.get(b.caseId) ?? Infinity) || 0);
}

/** Largest, longest or newest first; cases without the figure last. `cases` are by name, and stay so among equals. */
export function sortCases(cases: readonly CaseSummary[], key: SortKey, figures: FiguresById, order: WorklistOrder | null): readonly CaseSummary[] {
  const by = (value: (entry: CaseSummary) => number): readonly CaseSummary[] => [...cases].sort((a, b) => value(b) - value(a));
  switch (key) {
    case 'name':
      return cases;
    case 'next':
      return nextFirst(cases, order);
    case 'uncertainty':
      return by(({ caseId }) => figures.get(caseId)?.uncertainty ?? -1);
    case 'time':
      return by(({ caseId }) => figures.get(caseId)?.activeSeconds ?? -1);
    case 'imported':
      return by(({ importedAtMs }) => importedAtMs);
    case 'status':
      return by(({ status }) => -STATUSES.indexOf(status));
  }
}

export function countStatuses(cases: readonly CaseSummary[]): ReadonlyMap<CaseStatus, number> {
  const counts = new Map<CaseStatus, number>();
  for (const { status } of cases) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** `0:45`, `12:05`, `1:02:30`. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

import type { CaseSummary } from '../../../main/contract/api.ts';

interface Progress {
  readonly isImporting: boolean;
  readonly hasTrained: boolean;
  readonly cases: readonly Pick<CaseSummary, 'latestSource' | 'acceptedRevision' | 'latestRevision' | 'exclusion'>[];
}

const isCorrected = ({ latestSource }: Pick<CaseSummary, 'latestSource'>): boolean => latestSource?.startsWith('corrected:') === true;

/** What a first run has done so far, in order. */
export function trialSteps({ isImporting, hasTrained, cases }: Progress) {
  return [
    { id: 'import', done: !isImporting && cases.some(({ acceptedRevision, exclusion }) => acceptedRevision !== null && exclusion === null) },
    { id: 'train', done: hasTrained },
    { id: 'predict', done: cases.some(({ latestSource }) => latestSource !== null && latestSource !== 'manual') },
    { id: 'correct', done: cases.some(isCorrected) },
    { id: 'accept', done: cases.some((one) => isCorrected(one) && one.acceptedRevision === one.latestRevision) },
  ] as const;
}

/** What an import left out or doubts, in the groups and words of the person who must look at it. */
import { describeError } from '../../../main/contract/describeError.ts';
import type { AppError } from '../../../main/contract/errors.ts';

export interface ProblemGroup {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** In this order: what is missing first, what needs no action last. */
const TITLES = {
  notImported: 'Not imported',
  segmentations: 'Segmentations not used',
  doubtful: 'Imported, but look at it',
  known: 'In the project already',
} as const;
type Group = keyof typeof TITLES;

const GROUP_OF: Partial<Record<AppError['code'], Group>> = {
  'import/already-imported': 'known',
  'import/label-shape': 'segmentations',
  'import/label-without-image': 'segmentations',
  'import/label-values': 'segmentations',
  'import/segmentation-unmatched': 'segmentations',
  'import/segmentation-left-out': 'segmentations',
  'import/segments-overlap': 'segmentations',
  'import/doubtful': 'doubtful',
  'import/assumed': 'doubtful',
  'import/resampled': 'doubtful',
  'import/values': 'doubtful',
  'import/orientation-assumed': 'doubtful',
  'import/series-grown': 'doubtful',
  'import/labels-resampled': 'doubtful',
  'import/legend-conflict': 'doubtful',
};

/** Empty groups are left out. */
export function groupProblems(problems: readonly AppError[]): ProblemGroup[] {
  return (Object.keys(TITLES) as Group[]).flatMap((group) => {
    const sentences = problems.filter(({ code }) => (GROUP_OF[code] ?? 'notImported') === group).map(describeError);
    return sentences.length > 0 ? [{ title: TITLES[group], sentences }] : [];
  });
}

/** e.g. `3 cases imported, 2 were there before, 1 segmentation added to a case.` */
export function importedInWords(summary: Readonly<Record<string, unknown>> | undefined): string {
  const count = (name: string): number => (typeof summary?.[name] === 'number' ? summary[name] : 0);
  const [imported, known, attached] = [count('importedCount'), count('alreadyImportedCount'), count('attachedCount')];
  const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`;
  return [
    `${plural(imported, 'case')} imported`,
    ...(known > 0 ? [`${known} ${known === 1 ? 'was' : 'were'} there before`] : []),
    ...(attached > 0 ? [`${plural(attached, 'segmentation')} added as a further revision`] : []),
  ].join(', ');
}

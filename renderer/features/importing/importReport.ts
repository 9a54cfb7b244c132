/** What an import left out or doubts, in the groups and words of the person who must look at it. */
import type { AppError } from '../../../main/contract/errors.ts';
import { errorText } from '../../lib/messages/errorText.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

export interface ProblemGroup {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** In this order: what is missing first, what needs no action last. */
const GROUPS = ['notImported', 'segmentations', 'doubtful', 'known'] as const;
type Group = (typeof GROUPS)[number];

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
  return GROUPS.flatMap((group) => {
    const sentences = problems.filter(({ code }) => (GROUP_OF[code] ?? 'notImported') === group).map(errorText);
    return sentences.length > 0 ? [{ title: t(`import.group.${group}`), sentences }] : [];
  });
}

/** e.g. `3 cases imported, 2 were there before, 1 segmentation added to a case.` */
export function importedInWords(summary: Readonly<Record<string, unknown>> | undefined): string {
  const count = (name: string): number => (typeof summary?.[name] === 'number' ? summary[name] : 0);
  const [imported, known, attached] = [count('importedCount'), count('alreadyImportedCount'), count('attachedCount')];
  return [
    t('import.cases', { count: imported }),
    ...(known > 0 ? [t('import.known', { count: known })] : []),
    ...(attached > 0 ? [t('import.attached', { count: attached })] : []),
  ].join(', ');
}

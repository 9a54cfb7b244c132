/** The words of `main/contract/describeSource.ts` in German. */
import type { RevisionSource } from '../../../../main/contract/vocabulary.ts';

export function sourceInGerman(source: RevisionSource): string {
  const [kind, runs = ''] = source.split(':');
  const models = runs.split('+').join(' und ');
  if (kind === 'model') return `vorhergesagt von ${models}`;
  return kind === 'corrected' ? `korrigiert aus ${models}` : 'von Hand gezeichnet';
}

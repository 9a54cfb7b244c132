/** Who drew a mask, for people: `predicted by MODEL`, `corrected from MODEL`, `drawn by hand`. */
import type { RevisionSource } from './vocabulary.ts';

export function describeSource(source: RevisionSource): string {
  const [kind, runs = ''] = source.split(':');
  const models = runs.split('+').join(' and ');
  if (kind === 'model') return `predicted by ${models}`;
  return kind === 'corrected' ? `corrected from ${models}` : 'drawn by hand';
}

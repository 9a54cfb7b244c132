import { describeSource } from '../../../main/contract/describeSource.ts';
import type { RevisionSource } from '../../../main/contract/vocabulary.ts';
import { sourceInGerman } from './de/source.ts';
import { language } from './messages.svelte.ts';

/** Who drew a mask, in the language of the window. */
export const sourceText = (source: RevisionSource): string => (language() === 'de' ? sourceInGerman(source) : describeSource(source));

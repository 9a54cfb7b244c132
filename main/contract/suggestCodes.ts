/** From a segment's name to codes that may fit. A suggestion is shown and chosen, never taken by itself. */
import { LEFT, RIGHT, SEGMENT_CODES, type CodedConcept } from './segmentCodeTable.ts';
import type { Code, SegmentCodes } from './vocabulary.ts';

const SIDES: Readonly<Record<string, Code>> = { left: LEFT, l: LEFT, right: RIGHT, r: RIGHT };

/** The codes of a name that the table has, e.g. `kidney_left` → Kidney, Left; `null` when it has none. */
export function suggestCodes(name: string): SegmentCodes | null {
  const words = wordsOf(name);
  const whole = words.join(' ');
  const exact = SEGMENT_CODES.find((concept) => namesOf(concept).includes(whole));
  if (exact) return codesOf(exact);
  const sides = words.filter((word) => word in SIDES);
  const rest = words.filter((word) => !(word in SIDES)).join(' ');
  const concept = SEGMENT_CODES.find((one) => namesOf(one).includes(rest));
  if (!concept || sides.length !== 1) return null;
  return { ...codesOf(concept), modifier: SIDES[sides[0]!]! };
}

/** Table entries of which every word of `text` begins a word; in the order of the table. */
export function searchCodes(text: string): readonly CodedConcept[] {
  const wanted = wordsOf(text).filter((word) => !(word in SIDES));
  return SEGMENT_CODES.filter((concept) => {
    const words = namesOf(concept).flatMap((name) => name.split(' '));
    return wanted.every((part) => words.some((word) => word.startsWith(part)));
  });
}

/** For people: `Kidney, Left (SCT 64033007)`. */
export function describeCodes({ type, modifier }: SegmentCodes): string {
  return `${type.meaning}${modifier ? `, ${modifier.meaning}` : ''} (${type.scheme} ${type.value})`;
}

const codesOf = ({ category, type }: CodedConcept): SegmentCodes => ({ category, type });
const namesOf = ({ type, aliases }: CodedConcept): string[] => [wordsOf(type.meaning).join(' '), ...aliases];
/** `Liver_Tumor` and `liverTumor` are two words. */
const wordsOf = (text: string): string[] =>
  text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);

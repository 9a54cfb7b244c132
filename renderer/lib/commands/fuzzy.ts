/** Search as one types: every letter of the query in this order, whole words and beginnings first. */

export interface FuzzyMatch {
  readonly score: number;
  /** Where the letters were found. */
  readonly at: readonly number[];
}

const AT_WORD_START = 8;
const IN_A_ROW = 9;
const FOUND = 1;
const GAP = 0.15;

const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase();
const startsWord = (text: string, at: number): boolean => at === 0 || /[\s\-/(:.…]/.test(text[at - 1]!);

/** Pure: `null` when a letter is missing. Accents and case do not count; the best of all ways to find the letters does. */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | null {
  const letters = [...plain(query).replace(/\s+/g, '')];
  if (letters.length === 0) return { score: 0, at: [] };
  const folded = plain(text);
  // accents that fold away would shift the places: then nothing is marked
  const isAligned = folded.length === text.length;
  let best: (FuzzyMatch | null)[] = [];
  letters.forEach((letter, n) => {
    const next: (FuzzyMatch | null)[] = Array.from({ length: folded.length }, () => null);
    for (let i = 0; i < folded.length; i++) {
      if (folded[i] !== letter) continue;
      const own = FOUND + (startsWord(folded, i) ? AT_WORD_START : 0);
      if (n === 0) next[i] = { score: own - GAP * Math.min(i, 20), at: [i] };
      for (let before = 0; n > 0 && before < i; before++) {
        const way = best[before];
        if (!way) continue;
        const score = way.score + own + (before === i - 1 ? IN_A_ROW : -GAP * Math.min(i - before, 20));
        if (score > (next[i]?.score ?? -Infinity)) next[i] = { score, at: [...way.at, i] };
      }
    }
    best = next;
  });
  const winner = best.reduce((most, way) => (way && way.score > (most?.score ?? -Infinity) ? way : most), null);
  return winner && { score: winner.score, at: isAligned ? winner.at : [] };
}

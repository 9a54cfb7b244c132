import { describe, expect, it } from 'vitest';
import { fuzzyMatch } from './fuzzy.ts';

const best = (query: string, texts: readonly string[]): string | undefined =>
  texts
    .map((text) => ({ text, score: fuzzyMatch(query, text)?.score ?? -Infinity }))
    .filter(({ score }) => score > -Infinity)
    .sort((a, b) => b.score - a.score)[0]?.text;

describe('fuzzyMatch', () => {
  it('wants every letter, in order', () => {
    expect(fuzzyMatch('sve', 'Save')).not.toBeNull();
    expect(fuzzyMatch('vsa', 'Save')).toBeNull();
    expect(fuzzyMatch('saved', 'Save')).toBeNull();
  });
  it('finds by the beginnings of words, and says where', () => {
    expect(fuzzyMatch('sm', 'Save the mask')?.at).toEqual([0, 9]);
    expect(best('nc', ['Undo once more', 'Next case in the list'])).toBe('Next case in the list');
  });
  it('prefers letters in a row to scattered ones, also to the beginnings of words', () => {
    expect(best('undo', ['Up and down over', 'Undo'])).toBe('Undo');
    expect(best('lass', ['Layout: Side by side', 'Tool: Lasso'])).toBe('Tool: Lasso');
  });
  it('takes no notice of case, accents and spaces', () => {
    expect(fuzzyMatch('GROSSER pinsel', 'grosser Pinsel')).not.toBeNull();
    expect(fuzzyMatch('rückgängig', 'Ruckgangig')).not.toBeNull();
    expect(fuzzyMatch('ruck', 'Rückgängig')?.at).toEqual([0, 1, 2, 3]);
  });
  it('an empty query is in everything', () => expect(fuzzyMatch('  ', 'Undo')).toEqual({ score: 0, at: [] }));
  it('stays quick for a long title', () => {
    const began = performance.now();
    fuzzyMatch('aaaaaaaaaaaaaaaa', 'a'.repeat(120));
    expect(performance.now() - began).toBeLessThan(500);
  });
});

import { expect, it } from 'vitest';
import { setLanguage } from './messages.svelte.ts';
import { sourceText } from './sourceText.ts';

it('who drew a mask is said in the language of the window', () => {
  const sources = ['model:run_1+run_2', 'corrected:run_1', 'manual'] as const;
  expect(sources.map(sourceText)).toEqual(['predicted by run_1 and run_2', 'corrected from run_1', 'drawn by hand']);
  setLanguage('de');
  expect(sources.map(sourceText)).toEqual(['vorhergesagt von run_1 und run_2', 'korrigiert aus run_1', 'von Hand gezeichnet']);
  setLanguage('en');
});

import { describe, expect, it } from 'vitest';
import type { Command } from '../../lib/commands/commands.svelte.ts';
import { markedPieces, paletteEntries } from './paletteEntries.ts';

const command = (title: string, reason: string | null = null): Command => ({
  id: `a.${title}`,
  title: () => title,
  group: 'mask',
  unavailable: () => reason,
  run: () => undefined,
});
const [undo, redo, save] = [command('Undo'), command('Redo', 'Nothing to redo.'), command('Save the mask')];

describe('paletteEntries', () => {
  it('recent ones first, each once, and what cannot run last, with the reason', () => {
    const entries = paletteEntries([undo, redo, save], [save], '');
    expect(entries.map(({ title, isRecent, reason }) => [title, isRecent, reason])).toEqual([
      ['Save the mask', true, null],
      ['Undo', false, null],
      ['Redo', false, 'Nothing to redo.'],
    ]);
  });
  it('finds', () => {
    expect(paletteEntries([undo, redo, save], [], 'sm').map(({ title }) => title)).toEqual(['Save the mask']);
    expect(paletteEntries([undo, redo, save], [], 'do').map(({ title }) => title)).toEqual(['Undo', 'Redo']);
    expect(paletteEntries([undo], [], 'x')).toEqual([]);
  });
});

it('marks what was found', () =>
  expect(markedPieces('Save', [0, 2, 3])).toEqual([
    { text: 'S', marked: true },
    { text: 'a', marked: false },
    { text: 've', marked: true },
  ]));

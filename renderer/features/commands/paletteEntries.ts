import type { Command } from '../../lib/commands/commands.svelte.ts';
import { fuzzyMatch } from '../../lib/commands/fuzzy.ts';

export interface PaletteEntry {
  readonly command: Command;
  readonly title: string;
  readonly isRecent: boolean;
  /** Why it cannot run now; `null` when it can. */
  readonly reason: string | null;
  /** Where the letters of the query are in the title. */
  readonly at: readonly number[];
}

/** Pure: without a query those used last, then all by group; with one the best matches. What cannot run now comes last. */
export function paletteEntries(all: readonly Command[], recent: readonly Command[], query: string): PaletteEntry[] {
  const entryOf = (command: Command, isRecent: boolean, at: readonly number[]): PaletteEntry => ({
    command,
    title: command.title(),
    isRecent,
    reason: command.unavailable?.() ?? null,
    at,
  });
  const canRunFirst = (entries: PaletteEntry[]): PaletteEntry[] => [
    ...entries.filter(({ reason }) => reason === null),
    ...entries.filter(({ reason }) => reason !== null),
  ];
  if (query.trim() === '')
    return canRunFirst([...recent.map((one) => entryOf(one, true, [])), ...all.filter((one) => !recent.includes(one)).map((one) => entryOf(one, false, []))]);
  const found = all.flatMap((command) => {
    const match = fuzzyMatch(query, command.title());
    return match ? [{ score: match.score + (recent.includes(command) ? 1 : 0), entry: entryOf(command, recent.includes(command), match.at) }] : [];
  });
  return canRunFirst(found.sort((a, b) => b.score - a.score).map(({ entry }) => entry));
}

/** Pure: a title in pieces, those that were found marked. */
export function markedPieces(title: string, at: readonly number[]): { text: string; marked: boolean }[] {
  const pieces: { text: string; marked: boolean }[] = [];
  [...title].forEach((letter, index) => {
    const marked = at.includes(index);
    const last = pieces.at(-1);
    if (last && last.marked === marked) last.text += letter;
    else pieces.push({ text: letter, marked });
  });
  return pieces;
}

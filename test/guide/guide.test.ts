/** The guide is a promise, too: its pictures are there, and what it tells people to press and read is in the program (what to type: test/features.test.ts). */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogues } from '../../renderer/lib/messages/catalogue.ts';
import { pngSize } from './palettePicture.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'docs/guide');
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
const matches = (pattern: RegExp): [page: string, found: string][] =>
  pages.flatMap(({ name, text }) => [...text.matchAll(pattern)].map((match): [string, string] => [name, match[1]!]));

const LARGEST_PICTURE_BYTES = 200_000;
const LARGEST_FOLDER_BYTES = 3 * 2 ** 20;
/** Of the keyboard and of no command. */
const OTHER_KEYS = ['Enter', 'Escape', 'Backspace', 'Shift'];

/** A message as it is seen: what is filled in may be anything. */
const seen = (message: string): RegExp => new RegExp(`^${message.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '.+')}$`);
const texts = Object.values(catalogues.en).flatMap((message) => (typeof message === 'string' ? [message] : Object.values(message)));
const patterns = texts.filter((message) => message.includes('{')).map(seen);
const isText = (text: string): boolean => texts.includes(text) || patterns.some((pattern) => pattern.test(text));

/** Default shortcuts, as the sources of commands name them. */
function knownKeys(): Set<string> {
  const sources = (readdirSync(join(root, 'renderer'), { recursive: true }) as string[]).filter(
    (name) => /\.(ts|svelte)$/.test(name) && !name.endsWith('.test.ts'),
  );
  const texts = sources.map((name) => readFileSync(join(root, 'renderer', name), 'utf8')).filter((text) => /shortcuts\b|\bkey: '/.test(text));
  const keys = [...texts.join('\n').matchAll(/'((?:(?:Ctrl|Shift|Alt)\+)*(?:[A-Z0-9?,[\]]|Enter|Space|Page(?:Up|Down)|Arrow(?:Up|Down)))'/g)].map(
    (match) => match[1]!,
  );
  return new Set([...keys, ...OTHER_KEYS]);
}

describe('docs/guide', () => {
  it('shows at least ten screens, every picture that is there and no other, none too large', () => {
    const pictures = readdirSync(join(folder, 'pictures'))
      .filter((name) => name.endsWith('.png'))
      .sort();
    const shown = matches(/!\[[^\]]+\]\(pictures\/([\w-]+\.png)\)/g).map(([, name]) => name);
    expect(shown.length).toBeGreaterThanOrEqual(10);
    expect([...shown].sort()).toEqual(pictures);
    const bytes = pictures.map((name) => statSync(join(folder, 'pictures', name)).size);
    expect(pictures.filter((_, n) => bytes[n]! > LARGEST_PICTURE_BYTES)).toEqual([]);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(LARGEST_FOLDER_BYTES);
    for (const name of pictures) expect(Math.min(...pngSize(readFileSync(join(folder, 'pictures', name)))), name).toBeGreaterThan(300);
  });

  it.each(pages.map(({ name }) => name).filter((name) => name !== 'README.md'))('%s is in the contents', (name) => {
    expect(pages.find((page) => page.name === 'README.md')!.text).toContain(`](${name})`);
  });

  it.each(pages)('links of $name lead somewhere', ({ name, text }) => {
    const targets = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!);
    expect(targets.filter((target) => !existsSync(join(folder, dirname(name), target)))).toEqual([]);
  });

  it('what is bold is a text of the window', () => {
    const bold = matches(/\*\*([^*]+)\*\*/g).map(([page, text]) => [page, text.replaceAll('\n', ' ')] as const);
    expect(bold.length).toBeGreaterThan(60);
    expect(bold.filter(([page, text]) => !isText(text) && !(page === 'README.md' && text === 'in bold'))).toEqual([]);
  });

  it('every key is the key of a command', () => {
    const known = knownKeys();
    expect(known.size).toBeGreaterThan(40);
    const keys = matches(/`([^`]+)`/g).filter(([page, text]) => !/^(maskloop |like this$|\*$)/.test(text) && page !== 'README.md');
    expect(keys.length).toBeGreaterThan(30);
    expect(keys.filter(([, key]) => !known.has(key))).toEqual([]);
  });
});

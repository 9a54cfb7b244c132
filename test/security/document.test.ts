/** docs/security.md is a promise: each row names a test that there is, and each test of this folder stands in a row. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/security.md'), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => /^\| .*`[\w/.]+\.test\.ts`/.test(line))
  .map((line) => {
    const [attack = '', refusal = '', test = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [, file = '', title = ''] = /`([^`]+\.test\.ts)`: (.+)$/.exec(test) ?? [];
    return { attack, refusal, file, title };
  });
const titlesOf = (file: string) =>
  [
    ...readFileSync(join(root, file), 'utf8')
      .replace(/^describe.*$/gm, '')
      .matchAll(/(?:\bit\(|\)\()\s*(['"])(.+?)\1,/g),
  ].map((match) => match[2]!);

describe('docs/security.md', () => {
  it.each(rows.map((row) => [row.attack, row] as const))('%s', (_attack, { refusal, file, title }) => {
    expect(refusal.length).toBeGreaterThan(5);
    expect(titlesOf(file)).toContain(title);
  });

  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts') && name !== 'document.test.ts');
  it.each(tests)('every test of %s is in it', (name) => {
    const file = `test/security/${name}`;
    expect(titlesOf(file).filter((title) => !rows.some((row) => row.file === file && row.title === title))).toEqual([]);
  });
});

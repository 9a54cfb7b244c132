/** The table of features is a promise: what it names must be there, and what it tells people to type must be understood. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCommandLine } from '../main/cli/commandLine.ts';
import { runImport } from '../main/workers/import.ts';
import { runPhantoms } from '../main/workers/phantoms.ts';
import { problemOfCommand } from './commandLines.ts';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(join(root, 'docs/features.md'), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (feature|defect) \|/.test(line))
  .map((line) => {
    const [feature = '', state = '', where = '', test = '', how = ''] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { feature, state, where, test, how };
  });
const pathsIn = (cell: string): string[] => [...cell.matchAll(/`((?:[\w.-]+\/)+[\w.-]*)`/g)].map((match) => match[1]!);

const commandLines = (page: string): string[] => [...new Set([...page.matchAll(/`maskloop ([^`]+)`/g)].map((match) => match[1]!))];
const problemOf = (line: string): string | null => problemOfCommand(createCommandLine({ version: '1', computeScript: '/none', rendererFolder: '/none' }), line);

describe('docs/features.md', () => {
  it('has the features of both specs', () => expect(rows.length).toBeGreaterThan(50));

  it.each(rows.map((row) => [row.feature, row] as const))('%s', (_feature, { state, where, test, how }) => {
    const word = /^(done|partly: .+|missing|not wanted)$/.exec(state)?.[0];
    expect(word, `state '${state}'`).toBeDefined();
    const paths = [...pathsIn(where), ...pathsIn(test)];
    if (state === 'done') expect([pathsIn(where).length, pathsIn(test).length].every(Boolean), 'done without code or test').toBe(true);
    if (state === 'missing') expect(paths).toEqual([]);
    if (state === 'not wanted') expect(how.length).toBeGreaterThan(10);
    expect(
      [...paths, ...pathsIn(how)].filter((path) => !path.startsWith('tensorboard') && !path.startsWith('validation') && !existsSync(join(root, path))),
    ).toEqual([]);
  });

  it('tests named are tests', () => {
    for (const { test } of rows) for (const path of pathsIn(test)) expect(path).toMatch(/\.(test\.ts|json)$/);
  });

  it.each(commandLines(text))('maskloop %s', (line) => expect(problemOf(line)).toBeNull());
});

it('command lines of the guide are understood', () => {
  const lines = readdirSync(join(root, 'docs/guide'))
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => commandLines(readFileSync(join(root, 'docs/guide', name), 'utf8')));
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.flatMap((line) => problemOf(line) ?? [])).toEqual([]);
});

it('an import leaves the folders of the user as they are (seed defect 4)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-untouched-'));
  const source = join(folder, 'source');
  const project = join(folder, 'cases');
  mkdirSync(project);
  const port = { tell: () => undefined, stop: { aborted: false } };
  await runPhantoms({ task: 'phantoms', folder: source, caseCount: 2, labelledCount: 1, seed: 1 }, port);
  writeFileSync(join(source, 'note.txt'), 'of the user');
  const state = (): unknown[] =>
    readdirSync(source, { recursive: true, encoding: 'utf8' })
      .sort()
      .map((name) => [
        name,
        statSync(join(source, name)).mtimeMs,
        statSync(join(source, name)).isFile() ? readFileSync(join(source, name)).toString('base64') : '',
      ]);
  const before = state();
  expect(await runImport({ task: 'import', paths: [source], casesFolder: project, existing: [], legend: [] }, port)).toMatchObject({ ok: true });
  expect(readdirSync(project).length).toBe(2);
  expect(state()).toEqual(before);
  rmSync(folder, { recursive: true });
});

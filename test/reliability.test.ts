/** docs/reliability.md says what was measured, and names only tests that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
const Figures = z.object({
  scenarios: z.array(
    z.object({
      scenario: z.string(),
      isEncrypted: z.boolean().default(false),
      measuredAt: z.iso.date(),
      kills: z.int(),
      killsAtWork: z.int(),
      promises: z.int(),
      lossCount: z.literal(0),
    }),
  ),
});
const NAMES: Readonly<Record<string, string>> = {
  import: 'an import',
  save: 'saving and accepting masks',
  export: 'an export',
  migrate: 'a migration',
  train: 'a training',
};

it('has the figures of the benchmark: 200 kills, nothing lost', () => {
  const { scenarios } = Figures.parse(JSON.parse(readFileSync(join(root, 'bench/faults/figures.json'), 'utf8')));
  for (const encrypted of [false, true])
    expect(
      scenarios
        .filter(({ isEncrypted }) => isEncrypted === encrypted)
        .map(({ scenario }) => scenario)
        .sort(),
    ).toEqual(Object.keys(NAMES).sort());
  const rows = scenarios.map(
    ({ scenario, isEncrypted, kills, killsAtWork, promises, lossCount, measuredAt }) =>
      `| ${NAMES[scenario]!}${isEncrypted ? ', encrypted' : ''} | ${kills} | ${killsAtWork} | ${promises} | ${lossCount} | ${measuredAt} |`,
  );
  const table = /\| lost \|[^\n]*\n\|[-|]+\|\n([^]*?)<!-- end of kills -->/.exec(text)?.[1]?.trim();
  expect(table).toBe(rows.join('\n'));
  expect(scenarios.reduce((sum, { kills }) => sum + kills, 0)).toBeGreaterThanOrEqual(200);
});

it('names tests that exist', () => {
  const named = [...text.matchAll(/`([\w/]+\.test\.ts)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

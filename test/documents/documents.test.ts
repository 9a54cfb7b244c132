/** Reference pages are made from the code; a page that says something else than the code is stale and fails. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cliDocument } from './cliDocument.ts';
import { contractDocument } from './contractDocument.ts';
import { typeText } from './typeText.ts';

const docs = resolve(import.meta.dirname, '../../docs');

it.each([
  ['cli.md', cliDocument],
  ['contract.md', contractDocument],
] as const)('docs/%s is what the code says', (name, make) => {
  const file = join(docs, name);
  if (process.env.MASKLOOP_UPDATE_DOCS) writeFileSync(file, make());
  expect(readFileSync(file, 'utf8') === make(), `docs/${name} is stale: MASKLOOP_UPDATE_DOCS=1 npx vitest run test/documents`).toBe(true);
});

it('the pages know every call and every command', () => {
  expect(contractDocument()).toMatch(/^### `nnunet\.train`$/m);
  expect(contractDocument()).toContain('"network/off"');
  expect(cliDocument()).toMatch(/^## `maskloop model import/m);
  expect(cliDocument()).toMatch(/`--minutes <n>` \|/);
});

describe('a schema as text', () => {
  const Named = z.object({ id: z.string() });
  it.each([
    [z.object({ a: z.int(), b: z.string().optional() }), '{ a: integer, b?: string }'],
    [z.object({ a: z.boolean().default(true), 'b c': z.null() }), '{ a?: boolean = true, "b c": null }'],
    [z.array(z.enum(['x', 'y'])), '("x" | "y")[]'],
    [z.tuple([z.number(), z.string()]), '[number, string]'],
    [z.record(z.string(), z.number().nullable()), '{ [key]: number | null }'],
    [z.array(Named), 'Named[]'],
  ])('%#', (schema, text) => expect(typeText(schema, 'input', new Map([[Named, 'Named']]))).toBe(text));
});

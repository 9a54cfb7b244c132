/** No text that a user reads stands in a component: it would stay English for everybody. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** The same in every language. */
const UNIVERSAL = ['Maskloop'];
/** Attributes and properties that are read or heard. */
const READ_ALOUD = ['aria-label', 'aria-description', 'title', 'label', 'hint', 'placeholder', 'alt', 'xLabel'];

interface Node {
  readonly type?: string;
  readonly data?: string;
  readonly name?: string;
  readonly value?: unknown;
}

/** Depth first. Scripts and styles are no texts. */
function* nodesIn(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one);
  else if (typeof value === 'object' && value !== null) {
    yield value as Node;
    for (const [key, child] of Object.entries(value)) if (!['instance', 'module', 'css', 'loc', 'start', 'end'].includes(key)) yield* nodesIn(child);
  }
}

const hasWords = (text: string): boolean => /\p{L}{2,}/u.test(UNIVERSAL.reduce((rest, word) => rest.replaceAll(word, ''), text));

export function plainTexts(source: string): string[] {
  const { fragment } = parse(source, { modern: true });
  const found: string[] = [];
  const inAttributes = new Set<unknown>();
  for (const node of nodesIn(fragment)) {
    if (node.type === 'Attribute' || node.type === 'StyleDirective') {
      const parts = Array.isArray(node.value) ? (node.value as Node[]) : [];
      parts.forEach((part) => inAttributes.add(part));
      if (READ_ALOUD.includes(node.name ?? '')) found.push(...parts.flatMap((part) => (part.type === 'Text' ? [part.data ?? ''] : [])));
    } else if (node.type === 'Text' && !inAttributes.has(node)) found.push(node.data ?? '');
  }
  return found.map((text) => text.trim()).filter(hasWords);
}

const components = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.svelte'))
  .sort();

describe('texts of components', () => {
  it('are seen by this test', () => {
    expect(plainTexts('<p title="A hint">Some words {x} mm</p><Button label="Go">{t("a")}</Button>')).toEqual(['A hint', 'Some words', 'mm', 'Go']);
    expect(plainTexts('<input type="number" class="wide" style:top="{y}px" /> <b>Maskloop</b> ×')).toEqual([]);
  });
  it.each(components)('%s', (path) => expect(plainTexts(readFileSync(join(root, path), 'utf8'))).toEqual([]));
});

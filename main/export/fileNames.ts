import type { Segment } from '../contract/vocabulary.ts';

/** Letters and digits of any script stay; names that become equal get their number. */
export function fileNamesOf(things: readonly Pick<Segment, 'name' | 'labelValue'>[]): string[] {
  const plain = things.map(({ name }) => name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').replaceAll(/^[._]+|[._]+$/g, ''));
  const countOf = (wanted: string) => plain.filter((name) => name.toLowerCase() === wanted.toLowerCase()).length;
  return plain.map((name, index) => (name === '' || countOf(name) > 1 ? `${name || 'label'}_${things[index]!.labelValue}` : name));
}

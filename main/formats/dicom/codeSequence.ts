/** Coded concepts as items of sequences (Code Sequence macro, PS3.3 section 8.8). */
import type { DataSet } from 'dicom-parser';
import { Code } from '../../contract/vocabulary.ts';
import type { Attributes } from './write/datasetOf.ts';
import { dicomText } from './dicomText.ts';

const LONGEST_SHORT_VALUE = 16;

/** Longer values have an attribute of their own. */
export function codeItem({ scheme, value, meaning }: Code): Attributes {
  return { [value.length > LONGEST_SHORT_VALUE ? 'LongCodeValue' : 'CodeValue']: value, CodingSchemeDesignator: scheme, CodeMeaning: meaning };
}

/** Short, long and URN values; `undefined` for what is no code, or no item. */
export function codeOf(item: DataSet | undefined, characterSet: readonly string[]): Code | undefined {
  if (!item) return undefined;
  const text = (tag: string) => dicomText(item, tag, characterSet);
  const value = text('x00080100') || text('x00080119') || text('x00080120');
  const code = Code.safeParse({ scheme: text('x00080102'), value, meaning: (text('x00080104') || value).slice(0, 64) });
  return code.success ? code.data : undefined;
}

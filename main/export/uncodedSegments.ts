import type { AppError } from '../contract/errors.ts';
import { describeCodes, suggestCodes } from '../contract/suggestCodes.ts';
import type { Segment } from '../contract/vocabulary.ts';

/** One warning for all segments without a code, with what their names suggest. */
export function uncodedWarnings(segments: readonly Segment[]): AppError[] {
  const uncoded = segments.filter(({ codes }) => !codes);
  if (uncoded.length === 0) return [];
  const suggestions = uncoded.flatMap(({ name }) => {
    const codes = suggestCodes(name);
    return codes ? [`${name}: ${describeCodes(codes)}`] : [];
  });
  return [{ code: 'export/uncoded-segments', names: uncoded.map(({ name }) => name), suggestions }];
}

/** The lines of a text header in front of binary data. */

/** Headers with hundreds of segments stay far below; more is not looked at. */
const LONGEST_HEADER_BYTES = 16 * 2 ** 20;

/**
 * Lines one by one, without their line end (`\n` or `\r\n`), each with the byte after it. The last may lack a line end.
 */
export function* textLines(bytes: Uint8Array): Generator<{ line: string; endByte: number }> {
  const decoder = new TextDecoder();
  const last = Math.min(bytes.length, LONGEST_HEADER_BYTES);
  for (let at = 0; at < last;) {
    const found = bytes.indexOf(10, at);
    const lineEnd = found < 0 || found > last ? last : found;
    const textEnd = lineEnd > at && bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
    yield { line: decoder.decode(bytes.subarray(at, textEnd)), endByte: Math.min(lineEnd + 1, bytes.length) };
    at = lineEnd + 1;
  }
}

/** Numbers between blanks; `null` where a word is none. */
export function numbersOf(text: string): number[] | null {
  const numbers = wordsOf(text).map(Number);
  return numbers.some(Number.isNaN) ? null : numbers;
}

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

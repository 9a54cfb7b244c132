import { describe, expect, it } from 'vitest';
import { boundaryOf, MultipartError, MultipartParser } from './multipartParser.ts';

/** Parts as header text and body, from an answer that arrives in pieces of `pieceBytes`. */
function parse(answer: string | Buffer, pieceBytes: number, boundary = 'b'): { headers: Record<string, string>; body: string }[] {
  const bytes = Buffer.from(answer as string, 'latin1');
  const parser = new MultipartParser(boundary);
  const parts: { headers: Record<string, string>; body: string }[] = [];
  let isOpen = false;
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const event of parser.push(bytes.subarray(at, at + pieceBytes))) {
      expect(isOpen).toBe(event.type !== 'part');
      isOpen = event.type !== 'end';
      if (event.type === 'part') parts.push({ headers: Object.fromEntries(event.headers), body: '' });
      if (event.type === 'data') parts.at(-1)!.body += event.bytes.toString('latin1');
    }
  }
  parser.end();
  return parts;
}

const pieces = [1, 2, 3, 4, 5, 7, 64, 100_000];

describe('MultipartParser', () => {
  it.each(pieces)('gives parts with their headers, in pieces of %i bytes', (pieceBytes) => {
    const answer = '--b\r\nContent-Type: application/dicom\r\nX: 1:2\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b--\r\n';
    expect(parse(answer, pieceBytes)).toEqual([
      { headers: { 'content-type': 'application/dicom', x: '1:2' }, body: 'first' },
      { headers: {}, body: 'second' },
    ]);
  });

  it.each(pieces)('leaves data alone that look like a delimiter (%i)', (pieceBytes) => {
    const body = 'x--b\r\n\r\n\r\n--bb\r\n--b-\r\n-\r\r\n--';
    expect(parse(`--b\r\nA: x\r\n\r\n${body}\r\n--b--`, pieceBytes)).toEqual([{ headers: { a: 'x' }, body }]);
  });

  it.each(pieces)('takes a preamble, an epilogue, blanks behind a delimiter and empty parts (%i)', (pieceBytes) => {
    const answer = 'hello\r\n--b \t\r\nA: x\r\n\r\n\r\n--b\r\n\r\n\r\n--b\r\n\r\nend\r\n--b--\r\n--b\r\nnot a part';
    expect(parse(answer, pieceBytes).map(({ body }) => body)).toEqual(['', '', 'end']);
  });

  it.each(pieces)('keeps every byte of binary parts (%i)', (pieceBytes) => {
    const body = Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * 7919) % 256)).toString('latin1');
    expect(parse(`--b\r\nA: x\r\n\r\n${body}\r\n--b--`, pieceBytes)).toEqual([{ headers: { a: 'x' }, body }]);
  });

  it('an answer without parts', () => expect(parse('--b--', 1)).toEqual([]));

  it.each([
    ['cut off in a part', '--b\r\nA: x\r\n\r\nhalf'],
    ['cut off in a delimiter', '--b\r\nA: x\r\n\r\nwhole\r\n--b'],
    ['cut off in the headers', '--b\r\nA: x'],
    ['nothing', ''],
    ['another boundary', '--c\r\nA: x\r\n\r\nwhole\r\n--c--'],
    ['headers without end', `--b\r\n${'A: x\r\n'.repeat(10_000)}`],
    ['a preamble without end', 'x'.repeat(100_000)],
  ])('refuses an answer that is no multipart: %s', (_why, answer) => {
    for (const pieceBytes of [1, 100_000]) expect(() => parse(answer, pieceBytes)).toThrow(MultipartError);
  });

  it('holds back no more than a delimiter of a long part', () => {
    const parser = new MultipartParser('b');
    parser.push(Buffer.from('--b\r\nA: x\r\n\r\n'));
    const chunk = Buffer.alloc(1024 * 1024);
    let received = 0;
    for (let n = 0; n < 8; n++) for (const event of parser.push(chunk)) if (event.type === 'data') received += event.bytes.length;
    expect(8 * chunk.length - received).toBeLessThan(8);
  });
});

describe('boundaryOf', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=abc', 'abc'],
    ['multipart/related; boundary="a b;c"; type="application/dicom"', 'a b;c'],
    ['Multipart/Related;BOUNDARY=x-1', 'x-1'],
    ['multipart/related; type="application/dicom"; transfer-syntax=1.2.840; boundary=----z', '----z'],
  ])('%s', (contentType, boundary) => expect(boundaryOf(contentType)).toBe(boundary));

  it.each(['application/dicom', 'multipart/related', 'multipart/related; boundary=', '', `multipart/related; boundary=${'x'.repeat(300)}`])(
    'refuses %s',
    (contentType) => expect(() => boundaryOf(contentType)).toThrow(MultipartError),
  );
});

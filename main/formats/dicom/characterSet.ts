/** Text of any Specific Character Set (0008,0005) to JavaScript strings (PS3.3 C.12.1.1.2, PS3.5 section 6.1). */

/** Defined terms, with and without code extensions, to what the platform's `TextDecoder` calls them. */
const ENCODINGS: Readonly<Record<string, string>> = {
  '': 'windows-1252',
  'ISO_IR 6': 'windows-1252',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequences of ISO 2022 (PS3.3 tables C.12-3 and C.12-4), without the ESC, to encodings. */
const ESCAPES: Readonly<Record<string, string>> = {
  '(B': 'windows-1252',
  '-A': 'iso-8859-1',
  '-B': 'iso-8859-2',
  '-C': 'iso-8859-3',
  '-D': 'iso-8859-4',
  '-L': 'iso-8859-5',
  '-G': 'iso-8859-6',
  '-F': 'iso-8859-7',
  '-H': 'iso-8859-8',
  '-M': 'windows-1254',
  '-b': 'iso-8859-15',
  '-T': 'windows-874',
  ')I': 'shift_jis',
  '(J': 'shift_jis',
  $B: 'jis-x-0208',
  '$@': 'jis-x-0208',
  '$(D': 'jis-x-0212',
  '$)C': 'euc-kr',
  '$)A': 'gbk',
};
const ESC = 0x1b;

/** `characterSet`: the values of (0008,0005). Unknown ones are read as Latin-1; nothing throws. */
export function decodeText(bytes: Uint8Array, characterSet: readonly string[]): string {
  const first = ENCODINGS[plainTerm(characterSet[0] ?? '')] ?? 'windows-1252';
  if (characterSet.length < 2 && !(characterSet[0] ?? '').startsWith('ISO 2022')) return decode(bytes, first);
  let [text, encoding, from] = ['', first, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === ESC) {
      const escape = escapeAt(bytes, at + 1);
      if (!escape) continue;
      text += decode(bytes.subarray(from, at), encoding);
      encoding = ESCAPES[escape]!;
      at += escape.length;
      from = at + 1;
    } else if (encoding !== first && isDelimiter(byte) && !encoding.startsWith('jis-')) {
      // back to the first set at every delimiter (PS3.5 6.1.2.5.3); two-byte JIS ends with an escape of its own
      text += decode(bytes.subarray(from, at), encoding);
      encoding = first;
      from = at;
    }
  }
  return text + decode(bytes.subarray(from), encoding);
}

const plainTerm = (term: string): string => term.trim().replace(/^ISO 2022 IR /, 'ISO_IR ');
const isDelimiter = (byte: number): boolean => [0x5c, 0x5e, 0x3d, 0x0a, 0x0c, 0x0d].includes(byte);

function escapeAt(bytes: Uint8Array, at: number): string | undefined {
  return [3, 2].map((length) => String.fromCharCode(...bytes.subarray(at, at + length))).find((escape) => ESCAPES[escape] !== undefined);
}

function decode(bytes: Uint8Array, encoding: string): string {
  if (bytes.length === 0) return '';
  if (!encoding.startsWith('jis-')) return new TextDecoder(encoding).decode(bytes);
  // EUC-JP holds both sets with the high bits set, JIS X 0212 behind a shift byte
  const isSupplement = encoding === 'jis-x-0212';
  const euc: number[] = [];
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = [...bytes.subarray(at, at + 2)].map((byte) => byte | 0x80);
    euc.push(...(isSupplement ? [0x8f, ...pair] : pair));
  }
  return new TextDecoder('euc-jp').decode(Uint8Array.from(euc));
}

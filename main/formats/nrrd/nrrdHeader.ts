/** The header of a NRRD file (teem.sourceforge.net/nrrd/format.html) as its fields say it. */
import { AppException } from '../../contract/errors.ts';
import { namesOfPattern } from '../volume/dataFiles.ts';
import type { StoredType } from '../volume/storedVoxels.ts';
import { numbersOf, textLines, wordsOf } from '../volume/textHeader.ts';

export interface NrrdHeader {
  readonly type: StoredType;
  /** Fastest axis first. */
  readonly sizes: readonly number[];
  readonly encoding: 'raw' | 'gzip' | 'text';
  readonly isLittleEndian: boolean;
  /** The other fields by their names in small letters, where there are several for the last. */
  readonly fields: ReadonlyMap<string, string>;
  readonly keyValues: ReadonlyMap<string, string>;
  /** `null`: the voxels follow the header. */
  readonly dataFiles: readonly string[] | null;
  readonly lineSkip: number;
  /** −1: the voxels end with the file. */
  readonly byteSkip: number;
  /** Where the voxels begin, for attached ones. */
  readonly endByte: number;
}

const WORDS_OF_TYPE: Readonly<Record<StoredType, readonly string[]>> = {
  int8: ['signed char', 'int8', 'int8_t'],
  uint8: ['uchar', 'unsigned char', 'uint8', 'uint8_t'],
  int16: ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
  uint16: ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
  int32: ['int', 'signed int', 'int32', 'int32_t'],
  uint32: ['uint', 'unsigned int', 'uint32', 'uint32_t'],
  int64: ['longlong', 'long long', 'long long int', 'signed long long', 'signed long long int', 'int64', 'int64_t'],
  uint64: ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
  float32: ['float'],
  float64: ['double'],
};
const TYPE_OF_WORD = new Map(Object.entries(WORDS_OF_TYPE).flatMap(([type, words]) => words.map((word) => [word, type as StoredType])));
const ENCODING_OF_WORD: Readonly<Record<string, NrrdHeader['encoding']>> = { raw: 'raw', gzip: 'gzip', gz: 'gzip', ascii: 'text', text: 'text', txt: 'text' };
const LARGEST_RANK = 16;

export const isNrrd = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(0, 7)) === 'NRRD000';

/** Throws `import/unreadable` for what is no NRRD header and `import/unsupported` for blocks, bzip2 and hex. */
export function readNrrdHeader(bytes: Uint8Array, path: string): NrrdHeader {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/unreadable', path, detail });
  };
  if (!isNrrd(bytes)) return refuse('not a NRRD file: it does not begin with NRRD000');
  const { fields, keyValues, listed, endByte } = readFields(bytes, refuse);
  const word = (name: string) => fields.get(name)?.toLowerCase().replaceAll(/\s+/g, ' ');
  const typeWord = word('type') ?? refuse('it names no type');
  const encodingWord = word('encoding') ?? refuse('it names no encoding');
  const unsupported = (detail: string): never => {
    throw new AppException({ code: 'import/unsupported', path, detail });
  };
  if (typeWord === 'block') return unsupported('voxels that are blocks of bytes');
  const type = TYPE_OF_WORD.get(typeWord) ?? refuse(`unknown type '${typeWord}'`);
  if (['bzip2', 'bz2', 'hex'].includes(encodingWord)) return unsupported(`${encodingWord} encoding; save it with gzip or raw encoding`);
  const encoding = ENCODING_OF_WORD[encodingWord] ?? refuse(`unknown encoding '${encodingWord}'`);
  const isSingleByte = type === 'int8' || type === 'uint8';
  const endian = word('endian');
  if (endian !== 'little' && endian !== 'big' && !isSingleByte && encoding !== 'text') return refuse('it does not say its byte order');
  return {
    type,
    sizes: readSizes(fields, refuse),
    encoding,
    isLittleEndian: endian !== 'big' || encoding === 'text',
    fields,
    keyValues,
    dataFiles: listed ?? dataFilesOf(fields.get('data file'), refuse),
    lineSkip: wholeOf(fields.get('line skip'), 0, refuse),
    byteSkip: wholeOf(fields.get('byte skip'), -1, refuse),
    endByte,
  };
}

type Refuse = (detail: string) => never;

function readFields(bytes: Uint8Array, refuse: Refuse) {
  const fields = new Map<string, string>();
  const keyValues = new Map<string, string>();
  let listed: string[] | null = null;
  let endByte = bytes.length;
  let isFirst = true;
  for (const { line, endByte: lineEnd } of textLines(bytes)) {
    if (isFirst || line.startsWith('#')) {
      isFirst = false;
      continue;
    }
    if (listed) {
      if (line.trim() !== '') listed.push(line.trim());
      continue;
    }
    if (line === '') {
      endByte = lineEnd;
      break;
    }
    const [, key, sign, value] = /^(.*?)(:=|:)(.*)$/.exec(line) ?? [];
    if (key === undefined) return refuse(`the header line '${line.slice(0, 40)}' is no field`);
    if (sign === ':=') keyValues.set(key, unescaped(value!));
    else fields.set(fieldName(key), value!.trim());
    // names of the data files follow to the end of the header
    if (sign === ':' && fieldName(key) === 'data file' && /^LIST\b/.test(value!.trim())) listed = [];
  }
  return { fields, keyValues, listed, endByte };
}

/** Old spellings without a blank. */
function fieldName(key: string): string {
  const name = key.trim().toLowerCase();
  const spelled: Readonly<Record<string, string>> = { datafile: 'data file', lineskip: 'line skip', byteskip: 'byte skip', axismins: 'axis mins' };
  return spelled[name] ?? name;
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(n|\\)/g, (_, sign: string) => (sign === 'n' ? '\n' : '\\'));
}

function readSizes(fields: ReadonlyMap<string, string>, refuse: Refuse): number[] {
  const rank = Number(fields.get('dimension'));
  const sizes = numbersOf(fields.get('sizes') ?? '') ?? [];
  if (!Number.isInteger(rank) || rank < 1 || rank > LARGEST_RANK || sizes.length !== rank)
    return refuse(`dimension ${fields.get('dimension')} with sizes ${fields.get('sizes')}`);
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 1)) return refuse(`sizes ${fields.get('sizes')}`);
  return sizes;
}

function dataFilesOf(field: string | undefined, refuse: Refuse): string[] | null {
  if (field === undefined) return null;
  if (!field.includes('%')) return field === '' ? refuse('it names no data file') : [field];
  return namesOfPattern(wordsOf(field).slice(0, 4)) ?? refuse(`data files '${field.slice(0, 60)}'`);
}

function wholeOf(text: string | undefined, lowest: number, refuse: Refuse): number {
  const number = text === undefined ? 0 : Number(text);
  return Number.isSafeInteger(number) && number >= lowest ? number : refuse(`a skip of '${text}'`);
}

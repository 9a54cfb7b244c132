/** The header of a MetaImage file (`.mhd`, `.mha`; the format of ITK's MetaIO) as its fields say it. */
import { AppException } from '../../contract/errors.ts';
import { namesOfPattern } from '../volume/dataFiles.ts';
import type { StoredType } from '../volume/storedVoxels.ts';
import { numbersOf, textLines, wordsOf } from '../volume/textHeader.ts';

export interface MetaImageHeader {
  readonly type: StoredType;
  /** Two to four counts, fastest axis first. */
  readonly dimSize: readonly number[];
  /** Channels of a voxel lie together. */
  readonly channelsPerVoxel: number;
  readonly isText: boolean;
  readonly isLittleEndian: boolean;
  readonly isCompressed: boolean;
  /** Bytes in front of the voxels; −1: the voxels end with the file. */
  readonly skipBytes: number;
  /** By their names in small letters. */
  readonly fields: ReadonlyMap<string, string>;
  /** `null`: the voxels follow the header. */
  readonly dataFiles: readonly string[] | null;
  /** Where the voxels begin, for attached ones. */
  readonly endByte: number;
}

/** MetaIO gives `LONG` four bytes on every machine. */
const TYPES: Readonly<Record<string, StoredType>> = {
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
};
const MOST_CHANNELS = 65_536;

/** By its first field: MetaIO begins with the type of the object or the number of dimensions. */
export function isMetaImage(bytes: Uint8Array): boolean {
  return /^\s*(ObjectType|NDims|Comment)\s*=/i.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)));
}

type Refuse = (detail: string) => never;

/** Throws `import/unreadable` for what is no MetaImage header and `import/unsupported` for other objects and types. */
export function readMetaImageHeader(bytes: Uint8Array, path: string): MetaImageHeader {
  const refuse: Refuse = (detail) => {
    throw new AppException({ code: 'import/unreadable', path, detail });
  };
  const { fields, listed, endByte } = readFields(bytes, refuse);
  const unsupported: Refuse = (detail) => {
    throw new AppException({ code: 'import/unsupported', path, detail });
  };
  const objectType = fields.get('objecttype') ?? 'Image';
  if (objectType.toLowerCase() !== 'image') return unsupported(`a MetaIO object of the type ${objectType}`);
  const rank = Number(fields.get('ndims'));
  const dimSize = numbersOf(fields.get('dimsize') ?? '') ?? [];
  if (!Number.isInteger(rank) || rank < 1 || dimSize.length !== rank) return refuse(`NDims ${fields.get('ndims')} with DimSize ${fields.get('dimsize')}`);
  if (dimSize.some((size) => !Number.isSafeInteger(size) || size < 1)) return refuse(`DimSize ${fields.get('dimsize')}`);
  if (rank < 2 || rank > 4) return unsupported(`an image of ${rank} dimensions`);
  const typeName = fields.get('elementtype') ?? refuse('it names no ElementType');
  const type = TYPES[typeName.toUpperCase()] ?? unsupported(`elements of the type ${typeName}`);
  const channelsPerVoxel = Number(fields.get('elementnumberofchannels') ?? 1);
  if (!Number.isInteger(channelsPerVoxel) || channelsPerVoxel < 1 || channelsPerVoxel > MOST_CHANNELS)
    return refuse(`ElementNumberOfChannels ${fields.get('elementnumberofchannels')}`);
  const skipBytes = Number(fields.get('headersize') ?? 0);
  if (!Number.isSafeInteger(skipBytes) || skipBytes < -1) return refuse(`HeaderSize ${fields.get('headersize')}`);
  const isTrue = (name: string) => /^(true|t|1|yes|y)$/i.test(fields.get(name) ?? '');
  return {
    type,
    dimSize,
    channelsPerVoxel,
    isText: fields.has('binarydata') && !isTrue('binarydata'),
    isLittleEndian: !isTrue('binarydatabyteordermsb') && !isTrue('elementbyteordermsb'),
    isCompressed: isTrue('compresseddata'),
    skipBytes,
    fields,
    dataFiles: dataFilesOf(fields.get('elementdatafile')!, listed, refuse),
    endByte,
  };
}

/** `ElementDataFile` is the last field; a list of names may follow it. */
function readFields(bytes: Uint8Array, refuse: Refuse) {
  const fields = new Map<string, string>();
  const listed: string[] = [];
  let isList = false;
  let endByte = bytes.length;
  for (const { line, endByte: lineEnd } of textLines(bytes)) {
    if (isList) {
      if (line.trim() !== '') listed.push(line.trim());
      continue;
    }
    if (line.trim() === '') continue;
    const [, key, value] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || key === '') return refuse(`the header line '${line.slice(0, 40)}' is no field`);
    fields.set(key.toLowerCase(), value!);
    if (key.toLowerCase() !== 'elementdatafile') continue;
    isList = /^LIST\b/i.test(value!);
    if (isList) continue;
    endByte = lineEnd;
    break;
  }
  if (!fields.has('elementdatafile')) return refuse('not a MetaImage file, or cut off: it names no ElementDataFile');
  return { fields, listed, endByte };
}

function dataFilesOf(field: string, listed: readonly string[], refuse: Refuse): readonly string[] | null {
  if (/^LOCAL$/i.test(field)) return null;
  if (/^LIST\b/i.test(field)) return listed.length > 0 ? listed : refuse('an empty list of data files');
  if (field === '') return refuse('it names no data file');
  if (!field.includes('%')) return [field];
  const words = wordsOf(field);
  return namesOfPattern(words.length === 3 ? [...words, '1'] : words) ?? refuse(`data files '${field.slice(0, 60)}'`);
}

/**
 * A file of named arrays behind a JSON header: `MLARRAY1`, header length (uint32, little endian), header, then the arrays
 * one after another, each at a multiple of 8 bytes. Checkpoints and preprocessed cases are kept so.
 */
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';

const MAGIC = 'MLARRAY1';
const ALIGNMENT = 8;
const ARRAY_TYPES = { float32: Float32Array, uint32: Uint32Array, uint8: Uint8Array } as const;
type FileArray = Float32Array | Uint32Array | Uint8Array;

export interface StoredArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: FileArray;
}

const Header = z.object({
  about: z.unknown(),
  arrays: z.array(
    z.object({ name: z.string(), shape: z.array(z.int().nonnegative()), type: z.enum(['float32', 'uint32', 'uint8']), count: z.int().nonnegative() }),
  ),
});

const typeOf = (values: FileArray): keyof typeof ARRAY_TYPES =>
  values instanceof Float32Array ? 'float32' : values instanceof Uint32Array ? 'uint32' : 'uint8';
const padded = (byteCount: number): number => Math.ceil(byteCount / ALIGNMENT) * ALIGNMENT;

/** Atomic. `about` is JSON that the reader checks with a schema of its own. */
export async function writeArrayFile(path: string, about: unknown, arrays: readonly StoredArray[]): Promise<void> {
  const described = arrays.map(({ name, shape, values }) => ({ name, shape, type: typeOf(values), count: values.length }));
  const header = Buffer.from(JSON.stringify({ about, arrays: described }));
  const start = Buffer.alloc(padded(MAGIC.length + 4 + header.length));
  start.write(MAGIC, 'latin1');
  start.writeUInt32LE(header.length, MAGIC.length);
  header.copy(start, MAGIC.length + 4);
  const chunks = arrays.flatMap(({ values }) => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return [bytes, new Uint8Array(padded(bytes.length) - bytes.length)];
  });
  await writeFileAtomic(path, [start, ...chunks]);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Throws `disk/corrupt` for a file that is cut, damaged or of another kind. */
export async function readArrayFile<T>(path: string, about: z.ZodType<T>): Promise<{ about: T; arrays: StoredArray[] }> {
  const file = await readFile(path);
  const corrupt = (detail: string): AppException => new AppException({ code: 'disk/corrupt', path, detail });
  if (file.length < MAGIC.length + 4 || file.toString('latin1', 0, MAGIC.length) !== MAGIC) throw corrupt('not an array file');
  const headerBytes = file.readUInt32LE(MAGIC.length);
  const end = MAGIC.length + 4 + headerBytes;
  if (file.length < end) throw corrupt('the header is cut');
  const header = Header.safeParse(jsonOrNull(file.toString('utf8', MAGIC.length + 4, end)));
  if (!header.success) throw corrupt('the header is damaged');
  const known = about.safeParse(header.data.about);
  if (!known.success) throw corrupt(known.error.message);
  let offset = padded(end);
  const arrays = header.data.arrays.map(({ name, shape, type, count }) => {
    const make = ARRAY_TYPES[type];
    if (shape.reduce((a, b) => a * b, 1) !== count) throw corrupt(`array '${name}' has not as many values as its shape`);
    const byteCount = count * make.BYTES_PER_ELEMENT;
    if (offset + byteCount > file.length) throw corrupt(`array '${name}' is cut`);
    const values = new make(file.buffer.slice(file.byteOffset + offset, file.byteOffset + offset + byteCount));
    offset += padded(byteCount);
    return { name, shape, values };
  });
  return { about: known.data, arrays };
}

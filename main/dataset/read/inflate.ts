/** gzip and zlib streams of which no more is kept than a header asks for: a small file may claim to be a huge one. */
import { createUnzip, inflateRawSync } from 'node:zlib';
import { AppException } from '../../contract/errors.ts';

const LARGEST_CHUNK_BYTES = 2 ** 20;
const SMALLEST_CHUNK_BYTES = 2 ** 14;
/** Streams may hold a little more than is needed; this much is read on to check their end, not without bound. */
const LARGEST_REST_BYTES = 2 ** 28;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * The first bytes of what the stream holds, at most as many as `neededBytesOf` answers, which is asked once with the first
 * `headBytes` (or all, where there are fewer); fewer when the stream ends early. What follows the stream is ignored.
 * Throws `import/unreadable` for a damaged stream, for one that is cut off behind the needed bytes, and for one that holds far
 * more; and what `neededBytesOf` throws.
 */
export function inflateUpTo(bytes: Uint8Array, path: string, neededBytesOf: (head: Uint8Array) => number, headBytes = 0): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = createUnzip({ chunkSize: Math.max(SMALLEST_CHUNK_BYTES, Math.min(LARGEST_CHUNK_BYTES, 4 * bytes.length)) });
    const chunks: Buffer[] = [];
    let heldBytes = 0;
    let passedBytes = 0;
    let neededBytes: number | undefined;
    const held = () => Buffer.concat(chunks, Math.min(heldBytes, neededBytes ?? heldBytes));
    const fail = (thrown: unknown) => {
      stream.destroy();
      reject(thrown);
    };
    const refuse = (detail: string) => fail(new AppException({ code: 'import/unreadable', path, detail }));
    const finish = (isCutOff: boolean) => {
      try {
        neededBytes ??= neededBytesOf(held());
        if (isCutOff && heldBytes >= neededBytes) refuse('the compressed data are cut off behind the voxels');
        else resolve(held());
      } catch (thrown) {
        fail(thrown);
      }
    };
    stream.on('data', (chunk: Buffer) => {
      passedBytes += chunk.length;
      if (neededBytes === undefined || heldBytes < neededBytes) {
        chunks.push(chunk);
        heldBytes += chunk.length;
      }
      if (neededBytes === undefined && heldBytes >= headBytes) {
        try {
          neededBytes = neededBytesOf(held());
        } catch (thrown) {
          fail(thrown);
        }
      }
      if (neededBytes !== undefined && passedBytes > neededBytes + LARGEST_REST_BYTES) refuse('the compressed data hold far more than the header says');
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'Z_BUF_ERROR') finish(true);
      else if (error.message === 'incorrect header check' && isGzip(bytes)) {
        // zlib takes what follows a gzip stream for another one, and drops the end of the first when it is not
        const end = gzipEndByte(bytes, (neededBytes ?? 0) + LARGEST_REST_BYTES);
        if (end >= bytes.length) refuse(`damaged compressed data (${error.message})`);
        else inflateUpTo(bytes.subarray(0, end), path, neededBytesOf, headBytes).then(resolve, reject);
      } else refuse(`damaged compressed data (${error.message})`);
    });
    stream.on('end', () => finish(false));
    stream.end(bytes);
  });
}

/** Where the first gzip member ends (RFC 1952, section 2.3); the length of `bytes` where that cannot be told. */
function gzipEndByte(bytes: Uint8Array, mostBytes: number): number {
  const flags = bytes[3]!;
  let at = 10;
  if (flags & 4) at += 2 + bytes[at]! + 256 * bytes[at + 1]!;
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1;
  if (flags & 2) at += 2;
  try {
    // `info` adds the engine, which knows how much it took; its type does not say so
    const { engine } = inflateRawSync(bytes.subarray(at), { info: true, maxOutputLength: mostBytes }) as unknown as { engine: { bytesWritten: number } };
    return at + engine.bytesWritten + 8;
  } catch {
    return bytes.length;
  }
}

/**
 * Unpacks a zip into a folder of ours. An archive comes from outside: its names must stay inside the folder, its size is
 * known before the first byte is written, and nothing is held in memory but one block of one file.
 */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { AppException } from '../../contract/errors.ts';
import { writeStream } from '../../vault/writeSealed.ts';
import { isHidden, type Stop } from './sourceWalk.ts';

const MOST_ENTRIES = 500_000;
const LARGEST_ENTRY_BYTES = 8 * 2 ** 30;
const LARGEST_TOTAL_BYTES = 256 * 2 ** 30;
/** Above this size an archive must not shrink its files more than images shrink: label maps alone reach 1000. */
const BOMB_BYTES = 2 ** 30;
const BOMB_RATIO = 100;

/** True when the file begins like a zip, whatever it is called. */
export async function isZip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
    return bytesRead === 4 && buffer[0] === 0x50 && buffer[1] === 0x4b && buffer[2] === 3 && buffer[3] === 4;
  } finally {
    await file.close();
  }
}

/**
 * Writes the files of the archive below `folder` (made when missing); hidden ones are left out.
 * Throws `import/archive-refused` before anything is written when the archive is encrypted, damaged, too large or names
 * paths outside; then also when its data are not what its table says. Errno errors (ENOSPC …) come through.
 */
export async function unpackZip(path: string, folder: string, stop: Stop): Promise<void> {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/archive-refused', path, detail });
  };
  const zip = await attempt(() => openPromise(path, { lazyEntries: true, autoClose: false }), refuse);
  try {
    const entries = await attempt(() => listEntries(zip, refuse), refuse);
    const taken = new Set<string>();
    await mkdir(folder, { recursive: true });
    for (const entry of entries) {
      if (stop.aborted) return;
      const target = join(folder, ...safeSegments(entry.fileName));
      if (taken.has(target.toLowerCase())) return refuse(`two files are called ${entry.fileName}`);
      taken.add(target.toLowerCase());
      await unpackEntry(zip, entry, target, stop, refuse);
    }
  } finally {
    zip.close();
  }
}

type Refuse = (detail: string) => never;

/** The files to unpack. yauzl itself refuses absolute names and `..`. */
async function listEntries(zip: ZipFile, refuse: Refuse): Promise<Entry[]> {
  if (zip.entryCount > MOST_ENTRIES) return refuse(`${zip.entryCount} files are too many`);
  const entries: Entry[] = [];
  let [totalBytes, packedBytes] = [0, 0];
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (name.endsWith('/') || name.split('/').some(isHidden)) continue;
    if (entry.isEncrypted()) return refuse('it is encrypted');
    if (!entry.canDecodeFileData()) return refuse(`${name} is packed by a method that is not known here (${entry.compressionMethod})`);
    totalBytes += entry.uncompressedSize;
    packedBytes += entry.compressedSize;
    if (entry.uncompressedSize > LARGEST_ENTRY_BYTES || totalBytes > LARGEST_TOTAL_BYTES)
      return refuse(`it would fill ${(totalBytes / 2 ** 30).toFixed(0)} GiB`);
    entries.push(entry);
  }
  if (totalBytes > BOMB_BYTES && totalBytes > BOMB_RATIO * packedBytes)
    return refuse(`${packedBytes} bytes would become ${totalBytes}, as in an archive made to fill disks`);
  return entries;
}

async function unpackEntry(zip: ZipFile, entry: Entry, target: string, stop: Stop, refuse: Refuse): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const stream = await attempt(() => zip.openReadStreamPromise(entry), refuse);
  // yauzl ends the stream with an error when it yields more or fewer bytes than the table says
  stream.on('data', () => {
    if (stop.aborted) stream.destroy(new Stopped());
  });
  try {
    await attempt(() => pipeline(stream, (content: AsyncIterable<Uint8Array>) => writeStream(target, content)), refuse);
  } catch (thrown) {
    if (!(thrown instanceof Stopped)) throw thrown;
    await rm(target, { force: true });
  }
}

class Stopped extends Error {}

/** What the file system says stays as it is; what the archive is to blame for becomes a refusal. */
async function attempt<T>(work: () => Promise<T>, refuse: Refuse): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof AppException || thrown instanceof Stopped || !(thrown instanceof Error)) throw thrown;
    const isSystemError = 'syscall' in thrown && 'code' in thrown;
    if (isSystemError) throw thrown;
    return refuse(thrown.message);
  }
}

/** Names that every file system takes: no device names, no forbidden signs, no trailing dots. */
function safeSegments(fileName: string): string[] {
  return fileName
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => {
      const clean = part
        .replace(/[<>:"|?*\\\u0000-\u001f]/g, '_')
        .replace(/[. ]+$/, '_')
        .slice(0, 200);
      return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(clean) ? `_${clean}` : clean;
    });
}

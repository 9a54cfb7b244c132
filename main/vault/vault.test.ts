import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppException } from '../contract/errors.ts';
import { openVault, openVaults, vaultKeyOf } from './keyring.ts';
import { contentBytes, openToRead, readFile, readNow, readTextSync, streamFile } from './readSealed.ts';
import { TAG_BYTES } from './aesGcm.ts';
import { CHUNK_BYTES, HEADER_BYTES } from './sealedFormat.ts';
import { appendSealedNow, GrowingFile, readGrowingText } from './sealedLog.ts';
import { openToWrite, writeFileNow, writeStream } from './writeSealed.ts';

const key = randomBytes(32);
let folder: string;
let closeVault: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-vault-'));
  mkdirSync(join(folder, 'cases'));
  closeVault = openVault({ folder, key, names: ['cases'] });
});
afterEach(() => {
  closeVault();
  rmSync(folder, { recursive: true, force: true });
});
const inside = (name: string): string => join(folder, 'cases', name);

async function write(path: string, content: Uint8Array, pieceBytes = 100_000): Promise<void> {
  const file = await openToWrite(path);
  for (let at = 0; at < content.length; at += pieceBytes) await file.write(content.subarray(at, at + pieceBytes));
  await file.sync();
  await file.close();
}

async function problemOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (thrown) {
    return thrown instanceof AppException ? thrown.error.code : String(thrown);
  }
}

function flip(path: string, bit: number): () => void {
  const bytes = readFileSync(path);
  const change = (): void => {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(path, bytes);
  };
  change();
  return change;
}

async function streamed(path: string, range?: { start?: number; end?: number }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of streamFile(path, range)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe('a sealed file', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 5])(
    'of %i bytes comes back whole, in parts and as a stream, and shows nothing',
    async (size) => {
      const content = Buffer.alloc(size, 'PATIENT^NAME ');
      const path = inside('a');
      await write(path, content);
      const stored = readFileSync(path);
      expect(stored.length).toBe(size + HEADER_BYTES + TAG_BYTES * Math.max(1, Math.ceil(size / CHUNK_BYTES)));
      if (size >= 13) expect(stored.includes('PATIENT')).toBe(false);
      expect((await readFile(path)).equals(content)).toBe(true);
      expect(await readFile(path, 'utf8')).toBe(content.toString());
      expect(readTextSync(path)).toBe(content.toString());
      expect(await contentBytes(path)).toBe(size);
      expect((await streamed(path)).equals(content)).toBe(true);
      const [start, end] = [Math.floor(size / 3), Math.floor((size * 2) / 3)];
      expect((await streamed(path, { start, end })).equals(content.subarray(start, end + 1))).toBe(true);
      const handle = await openToRead(path);
      const part = Buffer.alloc(1000);
      for (const position of [0, CHUNK_BYTES - 500, size - 10].filter((one) => one >= 0)) {
        const { bytesRead } = await handle.read(part, 0, part.length, position);
        expect(part.subarray(0, bytesRead).equals(content.subarray(position, position + part.length))).toBe(true);
        expect(readNow(path, part, position)).toBe(bytesRead);
      }
      await handle.close();
    },
  );

  it('that was written at once reads like one that was written piece by piece', async () => {
    const content = randomBytes(CHUNK_BYTES + 100);
    writeFileNow(inside('now'), content, 'wx');
    await writeStream(
      inside('stream'),
      (async function* () {
        yield content.subarray(0, 7);
        yield content.subarray(7);
      })(),
    );
    expect((await readFile(inside('now'))).equals(content)).toBe(true);
    expect((await readFile(inside('stream'))).equals(content)).toBe(true);
    expect(
      await problemOf(() => {
        writeFileNow(inside('now'), content, 'wx');
      }),
    ).toContain('EEXIST');
  });

  it('tells every flipped bit, in header, content and tags', async () => {
    const path = inside('a');
    await write(path, randomBytes(2 * CHUNK_BYTES + 77));
    const bits = readFileSync(path).length * 8;
    // every bit of the header, those around the ends of chunks, and many between
    const positions = new Set([...Array(HEADER_BYTES * 8).keys()]);
    for (let bit = 0; bit < bits; bit += 104_729) positions.add(bit);
    for (const edge of [HEADER_BYTES + CHUNK_BYTES, HEADER_BYTES + CHUNK_BYTES + TAG_BYTES, bits / 8 - TAG_BYTES, bits / 8 - 1])
      for (let n = -8; n < 8; n++) positions.add(edge * 8 + n);
    for (const bit of positions) {
      if (bit >= bits) continue;
      const back = flip(path, bit);
      expect(await problemOf(() => readFile(path)), `bit ${bit}`).toBe('disk/corrupt');
      expect(await problemOf(() => streamed(path)), `bit ${bit} streamed`).toBe('disk/corrupt');
      back();
    }
    expect(await problemOf(() => readFile(path))).toBe('none');
  });

  it('tells chunks that are cut off, swapped, repeated or of another file', async () => {
    const content = randomBytes(3 * CHUNK_BYTES);
    await write(inside('a'), content);
    await write(inside('b'), content);
    const whole = readFileSync(inside('a'));
    const chunk = CHUNK_BYTES + TAG_BYTES;
    const piece = (from: Buffer, n: number): Buffer => from.subarray(HEADER_BYTES + n * chunk, HEADER_BYTES + (n + 1) * chunk);
    const header = whole.subarray(0, HEADER_BYTES);
    const other = readFileSync(inside('b'));
    const variants = {
      'without the last': [header, piece(whole, 0), piece(whole, 1)],
      'without the first': [header, piece(whole, 1), piece(whole, 2)],
      swapped: [header, piece(whole, 1), piece(whole, 0), piece(whole, 2)],
      repeated: [header, piece(whole, 0), piece(whole, 0), piece(whole, 2)],
      'of another file': [header, piece(whole, 0), piece(other, 1), piece(whole, 2)],
      'header of another file': [other.subarray(0, HEADER_BYTES), piece(whole, 0), piece(whole, 1), piece(whole, 2)],
      longer: [whole, Buffer.alloc(40)],
      empty: [],
    };
    for (const [what, parts] of Object.entries(variants)) {
      writeFileSync(inside('c'), Buffer.concat(parts));
      expect(await problemOf(() => readFile(inside('c'))), what).toBe('disk/corrupt');
    }
    for (const bytes of [1, TAG_BYTES - 1, TAG_BYTES, TAG_BYTES + 1, chunk - 1, chunk, chunk + 1, 2 * chunk, whole.length - HEADER_BYTES, whole.length - 1]) {
      writeFileSync(inside('c'), whole);
      truncateSync(inside('c'), whole.length - bytes);
      expect(await problemOf(() => readFile(inside('c'))), `cut by ${bytes}`).toBe('disk/corrupt');
    }
  });

  it('is not taken from a file that is not sealed, nor read with another key', async () => {
    writeFileSync(inside('plain'), 'nothing secret');
    expect(await problemOf(() => readFile(inside('plain')))).toBe('disk/corrupt');
    await write(inside('a'), Buffer.from('secret'));
    closeVault();
    closeVault = openVault({ folder, key: randomBytes(32), names: ['cases'] });
    expect(await problemOf(() => readFile(inside('a')))).toBe('disk/corrupt');
  });

  it('that its writer did not end cannot be read', async () => {
    const file = await openToWrite(inside('a'));
    await file.write(randomBytes(2 * CHUNK_BYTES));
    await file.close();
    expect(await problemOf(() => readFile(inside('a')))).toBe('disk/corrupt');
  });

  it('reports a missing file as the file system does', async () => {
    expect(await problemOf(() => readFile(inside('none')))).toContain('ENOENT');
  });
});

describe('the keyring', () => {
  it('seals what the project owns and nothing else', async () => {
    expect(vaultKeyOf(inside('a/b'))).not.toBeNull();
    expect(vaultKeyOf(join(folder, '.cases.0f.maskloop-tmp'))).not.toBeNull();
    for (const path of [
      join(folder, 'export', 'a'),
      join(folder, '.cases'),
      join(folder, 'cases2'),
      folder,
      join(folder, '..', 'cases', 'a'),
      `${folder}2/cases/a`,
    ])
      expect(vaultKeyOf(path), path).toBeNull();
    await write(join(folder, 'export.nii'), Buffer.from('for everybody'));
    expect(readFileSync(join(folder, 'export.nii'), 'utf8')).toBe('for everybody');
  });

  it('opened twice stays open until it is closed twice', () => {
    const closeAgain = openVault({ folder, key, names: ['cases'] });
    closeAgain();
    expect(vaultKeyOf(inside('a'))).not.toBeNull();
    closeVault();
    expect(vaultKeyOf(inside('a'))).toBeNull();
    expect(openVaults()).toEqual([]);
  });

  it('is known to threads that start while it is open', async () => {
    const code = "const { getEnvironmentData, parentPort } = require('node:worker_threads'); parentPort.postMessage(getEnvironmentData('maskloop vaults'))";
    const told = await new Promise<{ folder: string }[]>((resolve) => new Worker(code, { eval: true }).once('message', resolve));
    expect(told.map((vault) => vault.folder)).toContain(folder);
    expect(Object.values(process.env).join()).not.toContain(key.toString('hex'));
  });
});

describe('a sealed log', () => {
  const lines = ['{"case":"DOE^JANE"}\n', '{"loss":0.5}\n', `${'x'.repeat(500)}\n`];
  async function writeLog(path: string): Promise<void> {
    const log = new GrowingFile(path);
    for (const line of lines) await log.append(line);
  }

  it('grows, also by another writer, and shows nothing', async () => {
    const path = inside('log');
    await writeLog(path);
    appendSealedNow(path, key, 'one more\n');
    await new GrowingFile(path).append('and one\n');
    expect(await readGrowingText(path)).toBe([...lines, 'one more\n', 'and one\n'].join(''));
    expect(readFileSync(path).includes('DOE')).toBe(false);
  });

  it('tells every flipped bit', async () => {
    const path = inside('log');
    await writeLog(path);
    const bits = readFileSync(path).length * 8;
    for (let bit = 0; bit < bits; bit += 3) {
      const back = flip(path, bit);
      expect(await problemOf(() => readGrowingText(path)), `bit ${bit}`).toBe('disk/corrupt');
      back();
    }
  });

  it('passes over a record that a crash tore, and goes on behind the last whole one', async () => {
    const path = inside('log');
    await writeLog(path);
    truncateSync(path, readFileSync(path).length - 100);
    expect(await readGrowingText(path)).toBe(lines.slice(0, 2).join(''));
    await new GrowingFile(path).append('after the crash\n');
    expect(await readGrowingText(path)).toBe(`${lines.slice(0, 2).join('')}after the crash\n`);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(50)]));
    expect(await readGrowingText(path)).toBe(`${lines.slice(0, 2).join('')}after the crash\n`);
  });

  it('outside of a vault is text as it is', async () => {
    await writeLog(join(folder, 'log'));
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(lines.join(''));
    expect(await readGrowingText(join(folder, 'log'))).toBe(lines.join(''));
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeZip, type ZipFileOptions } from '../../../test/phantoms/writeZip.ts';
import { isZip, unpackZip } from './unpackZip.ts';

describe('unpackZip', () => {
  let root = '';
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-zip-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  async function unpack(...files: ZipFileOptions[]): Promise<string> {
    const path = join(root, 'study.zip');
    writeFileSync(path, writeZip(files));
    expect(await isZip(path)).toBe(true);
    await unpackZip(path, join(root, 'out'), { aborted: false });
    return join(root, 'out');
  }
  const refusal = (...files: ZipFileOptions[]) =>
    unpack(...files).then(
      () => 'unpacked',
      (thrown: { error: unknown }) => thrown.error,
    );
  const bytes = Uint8Array.from({ length: 5000 }, (_, n) => n % 251);

  it('writes nested files, stored and deflated, and leaves out what is hidden', async () => {
    const out = await unpack(
      { name: 'a/b/IM1', bytes },
      { name: 'a\\b\\IM2', bytes, isStored: true },
      { name: 'a/', bytes: new Uint8Array(0) },
      { name: '__MACOSX/a/._IM1', bytes },
      { name: 'CON.txt', bytes },
      { name: 'xx:y', bytes },
    );
    expect(readdirSync(out, { recursive: true }).map(String).sort()).toEqual(['_CON.txt', 'a', 'a/b', 'a/b/IM1', 'a/b/IM2', 'xx_y'].map((name) => join(name)));
    expect(Uint8Array.from(readFileSync(join(out, 'a/b/IM1')))).toEqual(bytes);
    expect(Uint8Array.from(readFileSync(join(out, 'a/b/IM2')))).toEqual(bytes);
  });

  it('refuses what leads outside, is encrypted, lies about its size or holds a name twice', async () => {
    const path = join(root, 'study.zip');
    const code = 'import/archive-refused';
    expect(await refusal({ name: '../evil', bytes })).toEqual({ code, path, detail: 'invalid relative path: ../evil' });
    expect(await refusal({ name: 'a/../../evil', bytes })).toMatchObject({ code });
    expect(await refusal({ name: '/etc/evil', bytes })).toEqual({ code, path, detail: 'absolute path: /etc/evil' });
    expect(await refusal({ name: 'C:\\evil', bytes })).toMatchObject({ code, detail: 'absolute path: C:/evil' });
    expect(await refusal({ name: 'a', bytes, isEncrypted: true })).toEqual({ code, path, detail: 'it is encrypted' });
    expect(await refusal({ name: 'a', bytes, declaredBytes: 100 })).toMatchObject({ code, detail: expect.stringContaining('too many bytes') });
    expect(await refusal({ name: 'b', bytes }, { name: 'B', bytes })).toMatchObject({ code, detail: 'two files are called B' });
    expect(await refusal({ name: 'a', bytes, method: 9 })).toMatchObject({ code, detail: expect.stringContaining('method') });
  });

  it('refuses a bomb by what its table says, before anything is written', async () => {
    const bomb = await refusal({ name: 'a', bytes: new Uint8Array(1000), declaredBytes: 2 ** 31 });
    expect(bomb).toMatchObject({ code: 'import/archive-refused', detail: expect.stringContaining('made to fill disks') });
    expect(readdirSync(root)).toEqual(['study.zip']);
    const many = Array.from({ length: 40 }, (_, n) => ({ name: `a${n}`, bytes, declaredBytes: 2 ** 32 - 2 }));
    expect(await refusal(...many)).toMatchObject({ code: 'import/archive-refused' });
  });

  it('refuses a cut archive and stops when asked to', async () => {
    const path = join(root, 'cut.zip');
    writeFileSync(path, writeZip([{ name: 'a', bytes }]).subarray(0, 60));
    await expect(unpackZip(path, join(root, 'out'), { aborted: false })).rejects.toMatchObject({ error: { code: 'import/archive-refused', path } });
    writeFileSync(path, writeZip([{ name: 'a', bytes }]));
    await unpackZip(path, join(root, 'out'), { aborted: true });
    expect(readdirSync(join(root, 'out'))).toEqual([]);
  });
});

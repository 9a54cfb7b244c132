import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './atomicFile.ts';

describe('writeFileAtomic', () => {
  let folder = '';
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'maskloop-atomic-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes bytes and chunks, replacing what was there', async () => {
    const path = join(folder, 'a.bin');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, [Uint8Array.of(4), Uint8Array.of(), Uint8Array.of(5, 6)]);
    expect([...readFileSync(path)]).toEqual([4, 5, 6]);
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });

  it('keeps the old file and leaves no litter when the source fails half way', async () => {
    const path = join(folder, 'a.bin');
    writeFileSync(path, 'old');
    function* failing() {
      yield Uint8Array.of(1);
      throw new Error('source broke');
    }
    await expect(writeFileAtomic(path, failing())).rejects.toThrow('source broke');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a.bin']);
  });

  it('rejects with the errno of a missing folder', async () => {
    await expect(writeFileAtomic(join(folder, 'none', 'a.bin'), new Uint8Array(1))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

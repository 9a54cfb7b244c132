import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSubjectsFile, subjectsBeside } from './subjectsFile.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-subjects-'))));
afterEach(() => rmSync(root, { recursive: true }));

function put(name: string, text: string): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
const entries = async (path: string) => Object.fromEntries(await readSubjectsFile(path));

describe('subjects file', () => {
  it('reads CSV with or without heading, quotes, other separators and file names', async () => {
    expect(await entries(put('a.csv', 'case,subject\nk1,p1\r\n"k2" ; p1\n\nk3_0000.nii.gz\tp2\n'))).toEqual({ k1: 'p1', k2: 'p1', k3: 'p2' });
    expect(await entries(put('b.csv', '\ufeffk1,p1'))).toEqual({ k1: 'p1' });
  });

  it('reads JSON', async () => {
    expect(await entries(put('a.json', '{"k1.nii": "p1", "k2": 7}'))).toEqual({ k1: 'p1', k2: '7' });
  });

  it.each([
    ['bad.csv', 'k1,p1\nk2', "line 2 is not 'case,subject'"],
    ['two.csv', 'k1,p1\nk1,p2', 'k1 is of both p1 and p2'],
    ['bad.json', '{"k1": ', 'JSON'],
    ['bad.json', '{"k1": {}}', 'k1'],
  ])('refuses %s and says why: %j', async (name, text, detail) => {
    await expect(readSubjectsFile(put(name, text))).rejects.toMatchObject({ error: { code: 'import/unreadable', detail: expect.stringContaining(detail) } });
  });

  it('is found in the folder of the images and beside it', async () => {
    const image = put('set/imagesTr/k1.nii', '');
    put('set/subjects.csv', 'k1,p1');
    put('set/imagesTr/subjects.json', '{"k2": "p2"}');
    put('subjects.csv', 'k3,far');
    const source = { kind: 'volume' as const, baseName: 'k1', path: image, files: [image], channelNames: [], segments: [] };
    expect(Object.fromEntries(await subjectsBeside([source]))).toEqual({ k1: 'p1', k2: 'p2' });
  });
});

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JobId } from '../contract/vocabulary.ts';
import { isTemporaryOf, ownTemporaries, temporaryPath } from './atomicFile.ts';
import { sweepOutside } from './outsideSweep.ts';

const mine = JobId.parse('export-20261130-170000-aa00bb');
const other = JobId.parse('export-20261130-170000-aa00bc');
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'maskloop-outside-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('removes files and folders of its own job and nothing else', async () => {
  ownTemporaries(mine);
  const [file, scratch] = [temporaryPath(folder, 'liver.nii.gz'), temporaryPath(folder, 'Dataset500_x')];
  ownTemporaries(other);
  const stranger = temporaryPath(folder, 'liver.nii.gz');
  writeFileSync(file, 'x');
  mkdirSync(join(scratch, 'imagesTr'), { recursive: true });
  writeFileSync(join(scratch, 'imagesTr', 'a.nii.gz'), 'x');
  for (const path of [stranger, join(folder, 'liver.nii.gz'), join(folder, `${mine}.txt`)]) writeFileSync(path, 'theirs');
  expect((await sweepOutside([folder, folder, join(folder, 'gone')], mine)).sort()).toEqual([file, scratch].sort());
  expect(readdirSync(folder).sort()).toEqual([basename(stranger), `${mine}.txt`, 'liver.nii.gz'].sort());
});

it('a long name stays one that file systems take', () => {
  ownTemporaries(mine);
  const name = basename(temporaryPath(folder, `${'a'.repeat(240)}.nii.gz`));
  expect(name.length).toBeLessThan(160);
  expect(isTemporaryOf(mine, name)).toBe(true);
  expect(isTemporaryOf(other, name)).toBe(false);
});

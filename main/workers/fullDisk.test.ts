/** A really full disk: a small tmpfs, which only root may mount. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import { ImportedCase } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import { runExport } from './export.ts';
import { exportTaskOf } from './testing/exportTaskOf.ts';
import { runImport } from './import.ts';
import { runPhantoms } from './phantoms.ts';

const root = mkdtempSync(join(tmpdir(), 'maskloop-full-'));
const disk = join(root, 'disk');
const canMount = platform === 'linux' && getuid?.() === 0 && tryMount();
if (!canMount) rmSync(root, { recursive: true });
const notice = canMount ? '' : ' (skipped: mounting a small tmpfs needs root)';

function tryMount(): boolean {
  mkdirSync(disk);
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    // containers without the right to mount
    return false;
  }
}

/** Takes all but the last `spareBytes`. */
function fill(spareBytes: number): void {
  const filler = join(disk, 'filler');
  rmSync(filler, { force: true });
  const { bavail, bsize } = statfs();
  writeFileSync(filler, new Uint8Array(Math.max(0, bavail * bsize - spareBytes)));
}

function statfs(): { bavail: number; bsize: number } {
  const [bavail, bsize] = execFileSync('stat', ['-f', '-c', '%a %S', disk], { encoding: 'utf8' }).trim().split(' ').map(Number);
  return { bavail: bavail!, bsize: bsize! };
}

describe.skipIf(!canMount)(`full disk${notice}`, () => {
  const study = join(root, 'study');
  const quiet = { tell: () => undefined, stop: { aborted: false } };
  beforeAll(async () => {
    await runPhantoms({ task: 'phantoms', folder: study, caseCount: 6, labelledCount: 6, seed: 1 }, quiet);
  });
  afterAll(() => {
    execFileSync('/bin/umount', [disk]);
    rmSync(root, { recursive: true });
  });

  const importInto = async (casesFolder: string) => {
    const cases: ImportedCase[] = [];
    const tell = (news: JobNews) => {
      if (news.type === 'item') cases.push(ImportedCase.parse(news.item));
    };
    const result = await runImport({ task: 'import', paths: [study], casesFolder, existing: [], legend: [] }, { tell, stop: { aborted: false } });
    return { result, cases };
  };

  it('import keeps the finished cases, removes the unfinished one and says disk/full', async () => {
    const casesFolder = join(disk, 'cases');
    const { result, cases } = await importInto(casesFolder);
    expect(result).toMatchObject({ ok: false, error: { code: 'disk/full' } });
    expect(cases.length).toBeGreaterThan(0);
    expect(readdirSync(casesFolder)).toEqual(cases.map(({ caseId }) => caseId));
    for (const { labelFile } of cases) await readLabelmap(labelFile!);
    rmSync(casesFolder, { recursive: true });
  });

  it('export leaves the older file as it was', async () => {
    const { cases } = await importInto(join(root, 'cases'));
    const output = join(disk, 'out');
    mkdirSync(output);
    const older = join(output, `${cases[0]!.caseId}.nii.gz`);
    writeFileSync(older, 'older');
    fill(0);
    const result = await runExport(exportTaskOf(cases, output), quiet);
    expect(result).toMatchObject({ ok: false, error: { code: 'disk/full' } });
    expect(readdirSync(output)).toEqual([`${cases[0]!.caseId}.nii.gz`]);
    rmSync(join(disk, 'filler'));
  });

  it('an atomic write leaves no litter', async () => {
    fill(8192);
    const path = join(disk, 'a.bin');
    await expect(writeFileAtomic(path, new Uint8Array(100_000))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(readdirSync(disk).filter((name) => name !== 'filler' && name !== 'out')).toEqual([]);
  });
});

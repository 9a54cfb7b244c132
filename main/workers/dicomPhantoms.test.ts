/** Phantoms as DICOM are real studies: our own import, which was held against other people's readers, gives back the formula. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import { TaskItem, type ImportedCase } from '../contract/tasks.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { ANATOMIES, ANATOMY_LABEL_NAMES, ANATOMY_MODALITY, makeAnatomyPhantom } from '../imaging/anatomyPhantom.ts';
import { runImport } from './import.ts';
import { runPhantoms } from './phantoms.ts';

describe.each(ANATOMIES)('phantoms of the %s as DICOM', (anatomy) => {
  const root = mkdtempSync(join(tmpdir(), 'maskloop-anatomy-'));
  const news: JobNews[] = [];
  const port = { tell: (one: JobNews) => void news.push(one), stop: { aborted: false } };
  let cases: ImportedCase[] = [];
  beforeAll(async () => {
    const made = await runPhantoms({ task: 'phantoms', folder: join(root, 'made'), anatomy, caseCount: 2, labelledCount: 1, seed: 6 }, port);
    expect(made).toEqual({ ok: true, value: { folder: join(root, 'made'), caseCount: 2, labelledCount: 1 } });
    await runImport(
      { task: 'import', paths: [join(root, 'made')], casesFolder: join(root, 'cases'), memoryFile: join(root, 'memory.gz'), existing: [], legend: [] },
      port,
    );
    cases = news.flatMap((one) => (one.type === 'item' ? [TaskItem.parse(one.item)] : [])).filter((item) => item.kind === 'importedCase');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('are imported without a complaint, one of them with its mask and the names of its labels', () => {
    expect(news.filter(({ type }) => type === 'problem')).toEqual([]);
    expect(cases.map(({ modality }) => modality)).toEqual([ANATOMY_MODALITY[anatomy], ANATOMY_MODALITY[anatomy]]);
    expect(cases.map(({ subject }) => subject).sort()).toHaveLength(new Set(cases.map(({ subject }) => subject)).size);
    const labelled = cases.filter(({ labelFile }) => labelFile);
    expect(labelled).toHaveLength(1);
    expect(labelled[0]!.segments!.map(({ name }) => name)).toEqual(ANATOMY_LABEL_NAMES[anatomy]);
  });

  it('have the voxels and the mask of the formula', async () => {
    const labelled = cases.find(({ labelFile }) => labelFile)!;
    const truth = makeAnatomyPhantom(anatomy, 6);
    const [image] = await readStoredImage(labelled.image);
    expect(image!.grid.dimsIjk).toEqual(truth.grid.dimsIjk);
    expect(image!.voxels.every((value, n) => value === truth.image[n])).toBe(true);
    const { voxels } = await readLabelmap(labelled.labelFile!);
    expect(Buffer.from(Uint8Array.from(voxels)).equals(Buffer.from(truth.labels))).toBe(true);
  });

  it('are the same files for the same seed', async () => {
    const again = join(root, 'again');
    await runPhantoms({ task: 'phantoms', folder: again, anatomy, caseCount: 1, labelledCount: 1, seed: 6 }, port);
    for (const file of [`${anatomy}_007/images/IM0001.dcm`, `${anatomy}_007/mask.dcm`])
      expect(readFileSync(join(again, file)).equals(readFileSync(join(root, 'made', file))), file).toBe(true);
    expect(existsSync(join(root, 'made', `${anatomy}_008/mask.dcm`))).toBe(false);
  });
});

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobNews } from '../contract/jobs.ts';
import { ImportedCase, type ImportTask } from '../contract/tasks.ts';
import type { AppError } from '../contract/errors.ts';
import { ExportReport } from '../export/exportReport.ts';
import { readVolumeFile } from '../dataset/read/volumeFile.ts';
import { readStoredImage, writeLabelmap } from '../dataset/storedVolume.ts';
import { gridsMatch } from '../imaging/grid.ts';
import { makePhantom } from '../imaging/phantom.ts';
import { orientationCode } from '../imaging/orientation.ts';
import { runExport } from './export.ts';
import { runImport } from './import.ts';
import { runPhantoms } from './phantoms.ts';
import { exportTaskOf } from './testing/exportTaskOf.ts';

class RecordingPort {
  readonly news: JobNews[] = [];
  readonly stop = { aborted: false };
  tell = (news: JobNews) => {
    this.news.push(news);
  };
  get cases(): ImportedCase[] {
    return this.news.flatMap((one) => (one.type === 'item' ? [ImportedCase.parse(one.item)] : []));
  }
  get problems(): AppError[] {
    return this.news.flatMap((one) => (one.type === 'problem' ? [one.error] : []));
  }
}

describe('phantoms → import → export', () => {
  let root = '';
  let study = '';
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'maskloop-import-'));
    study = join(root, 'study');
    const made = await runPhantoms(
      { task: 'phantoms', folder: study, caseCount: 5, labelledCount: 3, seed: 40 },
      { tell: () => undefined, stop: { aborted: false } },
    );
    expect(made).toMatchObject({ ok: true, value: { caseCount: 5, labelledCount: 3 } });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const task = (changes: Partial<z.input<typeof ImportTask>> = {}): z.input<typeof ImportTask> => ({
    task: 'import',
    paths: [study],
    casesFolder: join(root, 'project/cases'),
    existing: [],
    legend: [],
    ...changes,
  });
  async function importAll(changes: Partial<z.input<typeof ImportTask>> = {}) {
    const port = new RecordingPort();
    return { result: await runImport(task(changes), port), port };
  }

  it('imports every phantom; exported labels are the written truth, voxel by voxel, in source geometry', async () => {
    const { result, port } = await importAll();
    expect(result).toEqual({ ok: true, value: { importedCount: 5, alreadyImportedCount: 0, attachedCount: 0, failedCount: 0 } });
    expect(port.problems).toEqual([]);
    expect(port.cases.map(({ caseId }) => caseId)).toEqual(['phantom_001', 'phantom_002', 'phantom_003', 'phantom_004', 'phantom_005']);
    expect(port.cases.map(({ labelFile }) => labelFile !== undefined)).toEqual([true, true, true, false, false]);
    for (const one of port.cases) {
      const [volume] = await readStoredImage(one.image);
      expect(orientationCode(volume!.grid)).toBe('LPS');
      expect(statSync(one.image.files[0]!).size).toBe(352 + 2 * volume!.voxels.length);
    }
    const labelled = port.cases.filter((one) => one.labelFile !== undefined);
    expect(labelled[0]?.segments?.map(({ name }) => name)).toEqual(['anterior', 'posterior']);
    const output = join(root, 'out');
    const exported = await runExport(exportTaskOf(labelled, output), new RecordingPort());
    expect(exported).toMatchObject({ ok: true, value: { writtenCount: 3, failedCount: 0 } });
    for (const [n, one] of labelled.entries()) {
      const written = await readVolumeFile(join(output, `${one.caseId}.nii.gz`));
      const truth = makePhantom(40 + n);
      expect(written.channels[0]).toEqual(truth.labels);
      expect(gridsMatch(written.grid, truth.grid, 1e-3)).toBe(true);
      expect(gridsMatch(written.grid, (await readVolumeFile(one.sourcePath)).grid, 1e-4)).toBe(true);
    }
  });

  it('takes subjects from the file that is named, else from the one beside the images', async () => {
    writeFileSync(join(study, 'subjects.csv'), 'phantom_001,beside\nphantom_002,beside\n');
    const named = join(root, 'named.json');
    writeFileSync(named, '{"phantom_002": "named"}');
    const subjectsOf = ({ port }: Awaited<ReturnType<typeof importAll>>) => port.cases.slice(0, 3).map(({ subject }) => subject);
    expect(subjectsOf(await importAll())).toEqual(['beside', 'beside', 'phantom_003']);
    const again = await importAll({ casesFolder: join(root, 'other/cases'), subjectsFile: named });
    expect(subjectsOf(again)).toEqual(['phantom_001', 'named', 'phantom_003']);
  });

  it('replaces what an export wrote, keeps any other file, and reports a damaged label map', async () => {
    const { port } = await importAll();
    const [first, second] = port.cases.filter((one) => one.labelFile !== undefined);
    const output = join(root, 'out');
    mkdirSync(output);
    writeFileSync(join(output, 'phantom_001.nii.gz'), 'older');
    truncateSync(second!.labelFile!, 30);
    const exportBoth = async () => {
      const recording = new RecordingPort();
      const result = await runExport(exportTaskOf([first!, second!], output), recording);
      expect(result).toMatchObject({ ok: true, value: { writtenCount: 1, failedCount: 1 } });
      return recording.problems;
    };
    const renamed = { code: 'export/name-taken', path: join(output, 'phantom_001.nii.gz'), newPath: join(output, 'phantom_001-2.nii.gz') };
    expect(await exportBoth()).toMatchObject([renamed, { code: 'disk/corrupt', path: second!.labelFile }]);
    expect(await exportBoth()).toMatchObject([renamed, { code: 'disk/corrupt' }]);
    expect(readdirSync(output)).toEqual(['export-report.json', 'phantom_001-2.nii.gz', 'phantom_001.nii.gz']);
    expect(readFileSync(join(output, 'phantom_001.nii.gz'), 'utf8')).toBe('older');
    const [written, ...more] = ExportReport.parse(JSON.parse(readFileSync(join(output, 'export-report.json'), 'utf8'))).files;
    expect(more).toEqual([]);
    const bytes = readFileSync(join(output, written!.name));
    expect(written).toMatchObject({ caseId: 'phantom_001', format: 'nifti', sha256: createHash('sha256').update(bytes).digest('hex') });

    writeFileSync(join(output, 'phantom_001-2.nii.gz'), 'changed by somebody');
    expect(await exportBoth()).toMatchObject([{ newPath: join(output, 'phantom_001-3.nii.gz') }, {}]);
  });

  it('stops between cases when told, and leaves a report of what was written', async () => {
    const { port } = await importAll();
    const output = join(root, 'out');
    const recording = new RecordingPort();
    const stopping = {
      stop: recording.stop,
      tell: (news: JobNews) => {
        if (news.type === 'item') recording.stop.aborted = true;
      },
    };
    const result = await runExport(
      exportTaskOf(
        port.cases.filter(({ labelFile }) => labelFile !== undefined),
        output,
      ),
      stopping,
    );
    expect(result).toMatchObject({ ok: true, value: { writtenCount: 1, failedCount: 0 } });
    expect(readdirSync(output)).toEqual(['export-report.json', 'phantom_001.nii.gz']);
  });

  it('notices a second import and numbers equal names', async () => {
    const { port } = await importAll();
    const existing = port.cases.map(({ caseId, sourceKey }) => ({ caseId, sourceKey }));
    const again = await importAll({ existing });
    expect(again.result).toMatchObject({ ok: true, value: { importedCount: 0, alreadyImportedCount: 5 } });
    expect(again.port.problems[0]).toMatchObject({ code: 'import/already-imported', caseId: 'phantom_001' });
    const renamed = join(root, 'other');
    await runPhantoms({ task: 'phantoms', folder: renamed, caseCount: 1, labelledCount: 0, seed: 99 }, new RecordingPort());
    const more = await importAll({ existing, paths: [renamed] });
    expect(more.port.cases.map(({ caseId }) => caseId)).toEqual(['phantom_001-2']);
  });

  it('imports the good cases beside a truncated one, a foreign label and a wrong shape', async () => {
    const cut = join(study, 'imagesTr/phantom_004.nii.gz');
    truncateSync(cut, 2000);
    const orphan = join(study, 'labelsTr/unknown.nii.gz');
    const { grid, labels } = makePhantom(77);
    await writeLabelmap(orphan, grid, labels);
    const wrong = join(study, 'labelsTr/phantom_002.nii.gz');
    await writeLabelmap(wrong, grid, labels);
    const { result, port } = await importAll();
    expect(result).toMatchObject({ ok: true, value: { importedCount: 4, failedCount: 2 } });
    const codes = port.problems.map((problem) => [problem.code, 'path' in problem ? problem.path : '']);
    expect(codes).toContainEqual(['import/truncated', cut]);
    expect(codes).toContainEqual(['import/label-without-image', orphan]);
    expect(codes).toContainEqual(['import/label-shape', wrong]);
    expect(port.cases.find(({ caseId }) => caseId === 'phantom_002')).toMatchObject({ warnings: [{ code: 'import/label-shape' }] });
    expect(port.cases.find(({ caseId }) => caseId === 'phantom_002')?.labelFile).toBeUndefined();
    expect(readdirSync(join(root, 'project/cases')).sort()).toEqual(['phantom_001', 'phantom_002', 'phantom_003', 'phantom_005']);
  });

  it('stops between files and fails with the reason when nothing is there', async () => {
    const port = new RecordingPort();
    const stopping = {
      stop: port.stop,
      tell: (news: JobNews) => {
        port.tell(news);
        if (news.type === 'item') port.stop.aborted = true;
      },
    };
    expect(await runImport(task(), stopping)).toMatchObject({ ok: true, value: { importedCount: 1 } });
    expect(readdirSync(join(root, 'project/cases'))).toEqual(['phantom_001']);
    const empty = join(root, 'empty');
    mkdirSync(empty);
    expect((await importAll({ paths: [empty] })).result).toEqual({ ok: false, error: { code: 'import/nothing-found', paths: [empty] } });
  });

  it('clears what an interrupted import left, and leaves nothing when the project cannot be written', async () => {
    const cases = join(root, 'project/cases');
    mkdirSync(join(cases, '.importing-phantom_001'), { recursive: true });
    await importAll();
    expect(readdirSync(cases)).not.toContain('.importing-phantom_001');
    const file = join(root, 'file');
    writeFileSync(file, '');
    const { result } = await importAll({ casesFolder: join(file, 'cases') });
    expect(result.ok).toBe(false);
  });
});

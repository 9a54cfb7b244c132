/** SEG, RTSTRUCT and label maps on import: to their image, with one legend, and never in place of what is there. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { z } from 'zod';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDicomSeries } from '../../test/phantoms/writeDicomSeries.ts';
import { writeZip } from '../../test/phantoms/writeZip.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../test/reference/sharedData.ts';
import type { AppError } from '../contract/errors.ts';
import type { JobNews } from '../contract/jobs.ts';
import type { Provenance } from '../contract/provenance.ts';
import { TaskItem, type ImportedCase, type ImportedLabels, type ImportTask } from '../contract/tasks.ts';
import { Segment } from '../contract/vocabulary.ts';
import { readDicomReference } from '../dataset/scan/knownCases.ts';
import { readLabelmap } from '../dataset/storedVolume.ts';
import { readVolumeFile } from '../dataset/read/volumeFile.ts';
import { writeImplicitDicom } from '../formats/dicom/write/writeDicom.ts';
import { niftiChunks } from '../formats/nifti/writeNifti.ts';
import { rtStructOf } from '../formats/rtStruct/rtStructOf.ts';
import { gridFromAffine, gridsMatch } from '../imaging/grid.ts';
import { toCanonical } from '../imaging/orientation.ts';
import { runImport } from './import.ts';

const grid = gridFromAffine([12, 10, 5], [1, 0, 0, -5, 0, 1, 0, 7, 0, 0, 2, 30, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: 600 }, (_, n) => n);
/** Two boxes that do not touch. */
const labels = (liver: number, tumour: number) =>
  Uint8Array.from({ length: 600 }, (_, n) => {
    const [i, j, k] = [n % 12, Math.floor(n / 12) % 10, Math.floor(n / 120)];
    if (i >= 2 && i < 6 && j >= 2 && j < 8 && k < 4) return liver;
    return i >= 8 && i < 11 && j >= 3 && j < 6 && k > 0 ? tumour : 0;
  });

class Port {
  readonly news: JobNews[] = [];
  readonly stop = { aborted: false };
  tell = (news: JobNews) => void this.news.push(news);
  get items(): TaskItem[] {
    return this.news.flatMap((one) => (one.type === 'item' ? [TaskItem.parse(one.item)] : []));
  }
  get cases(): ImportedCase[] {
    return this.items.filter((item) => item.kind === 'importedCase');
  }
  get labels(): ImportedLabels[] {
    return this.items.filter((item) => item.kind === 'importedLabels');
  }
  get problems(): AppError[] {
    return this.news.flatMap((one) => (one.type === 'problem' ? [one.error] : []));
  }
}

type Changes = Partial<z.input<typeof ImportTask>>;

describe('segmentations on import', () => {
  let root = '';
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-segs-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  async function importAll(paths: string[], changes: Changes = {}) {
    const port = new Port();
    const input: z.input<typeof ImportTask> = {
      task: 'import',
      paths,
      casesFolder: join(root, 'cases'),
      memoryFile: join(root, 'memory.gz'),
      existing: [],
      legend: [],
      ...changes,
    };
    return { port, result: await runImport(input, port) };
  }
  /** What the services would pass to the next import. */
  function after(...imports: Port[]): Changes {
    const segments = imports.flatMap((port) => port.items.flatMap((item) => ('segments' in item && item.segments ? item.segments : [])));
    return {
      existing: imports.flatMap(({ cases }) =>
        cases.map(({ caseId, sourceKey, image, labelSha256 }) => ({
          caseId,
          sourceKey,
          sourceGrid: image.sourceGrid,
          labelSha256s: [
            ...(labelSha256 ? [labelSha256] : []),
            ...imports.flatMap((port) => port.labels.filter((one) => one.caseId === caseId).map((one) => one.labelSha256)),
          ],
          hasImportedLabels: labelSha256 !== undefined,
        })),
      ),
      legend: [...new Map(segments.map((segment) => [segment.labelValue, segment])).values()],
    };
  }
  function putSeries(folder: string, seriesUid = '1.2.3.4', patientId = 'P1'): string {
    mkdirSync(join(root, folder), { recursive: true });
    writeDicomSeries(grid, voxels, { seriesUid, patientId }).forEach((bytes, n) => writeFileSync(join(root, folder, `IM${n}`), bytes));
    return join(root, folder);
  }
  const segment = (labelValue: number, name: string) => Segment.parse({ labelValue, name, colorRgb: [200, 10 * labelValue, 30] });
  /** A structure set by our own writer, for the case that was imported. */
  async function putRtStruct(file: string, caseId: string, drawn: Uint8Array, segments: Segment[], savedAtMs = Date.UTC(2026, 0, 1)): Promise<string> {
    const reference = (await readDicomReference(join(root, 'cases', caseId)))!;
    const provenance = { softwareVersion: '1', origin: 'manual', models: [], author: 'Grey', savedAtMs, accepted: null } as unknown as Provenance;
    mkdirSync(join(root, 'rt'), { recursive: true });
    writeFileSync(
      join(root, 'rt', file),
      writeImplicitDicom(rtStructOf({ grid, labels: drawn, segments, reference, provenance, nowMs: savedAtMs, random: (count) => randomBytes(count) })),
    );
    return join(root, 'rt', file);
  }
  const named = (segments: readonly Segment[] | undefined) => segments?.map(({ labelValue, name }) => `${labelValue} ${name}`);

  it('attaches a structure set by its UIDs, also later, once, and never over what is there', async () => {
    const series = putSeries('CT');
    const first = await importAll([series]);
    expect(first.result).toEqual({ ok: true, value: { importedCount: 1, alreadyImportedCount: 0, attachedCount: 0, failedCount: 0 } });
    const rt = await putRtStruct('a.dcm', 'CT', labels(1, 2), [segment(1, 'Liver'), segment(2, 'Tumour')]);

    const later = await importAll([rt], after(first.port));
    expect(later.port.problems).toEqual([]);
    expect(later.result).toMatchObject({ ok: true, value: { attachedCount: 1 } });
    expect(named(later.port.labels[0]?.segments)).toEqual(['1 Liver', '2 Tumour']);
    expect((await readLabelmap(later.port.labels[0]!.labelFile)).voxels).toEqual(labels(1, 2));

    const again = await importAll([rt], after(first.port, later.port));
    expect(again.port.labels).toEqual([]);
    expect(again.port.problems).toEqual([{ code: 'import/already-imported', path: rt, caseId: 'CT' }]);
    // the same with its images beside it
    const both = await importAll([series, rt], after(first.port, later.port));
    expect(both.port.labels).toEqual([]);
    // and at once, in another project
    const fresh = await importAll([series, rt], { casesFolder: join(root, 'other') });
    expect(fresh.port.cases).toHaveLength(1);
    expect((await readLabelmap(fresh.port.cases[0]!.labelFile!)).voxels).toEqual(labels(1, 2));
  });

  it('adds disjoint structures of an older file to the newest, and says which file is left out', async () => {
    const { port } = await importAll([putSeries('CT')]);
    await putRtStruct('old-tumour.dcm', 'CT', labels(0, 1), [segment(1, 'Tumour')], Date.UTC(2025, 0, 1));
    await putRtStruct('oldest-liver.dcm', 'CT', labels(1, 0), [segment(1, 'Liver')], Date.UTC(2024, 0, 1));
    const newest = await putRtStruct('new-liver.dcm', 'CT', labels(1, 0), [segment(1, 'liver')], Date.UTC(2026, 0, 1));
    const later = await importAll([join(root, 'rt')], after(port));
    expect(named(later.port.labels[0]?.segments)).toEqual(['1 liver', '2 Tumour']);
    expect((await readLabelmap(later.port.labels[0]!.labelFile)).voxels).toEqual(labels(1, 2));
    expect(later.port.problems).toEqual([
      { code: 'import/segmentation-left-out', path: join(root, 'rt/oldest-liver.dcm'), detail: `${newest} is newer, and both hold 'liver'` },
    ]);
  });

  it('gives one name one number across cases, and explains numbers that moved or were guessed', async () => {
    const a = await importAll([putSeries('A')]);
    const rt = await putRtStruct('a.dcm', 'A', labels(1, 2), [segment(1, 'Liver'), segment(2, 'Tumour')]);
    const withLabels = await importAll([rt], after(a.port));
    const known = after(a.port, withLabels.port);
    const b = await importAll([putSeries('B', '1.2.3.5', 'P2')], known);
    // the same names under other numbers, and a new one
    const other = await putRtStruct('b.dcm', 'B', labels(1, 2), [segment(1, 'TUMOUR'), segment(2, 'Kidney')]);
    const third = await importAll([other], { ...after(a.port, withLabels.port, b.port) });
    expect(named(third.port.labels[0]?.segments)).toEqual(['2 Tumour', '3 Kidney']);
    expect((await readLabelmap(third.port.labels[0]!.labelFile)).voxels).toEqual(labels(2, 3));
    expect(third.port.problems).toEqual([]);

    // a Decathlon folder with the same name under another number
    for (const [folder, voxelsOf] of [
      ['imagesTr', voxels],
      ['labelsTr', labels(5, 1)],
    ] as const) {
      mkdirSync(join(root, 'set', folder), { recursive: true });
      writeFileSync(join(root, 'set', folder, 'x.nii.gz'), gzipSync(Buffer.concat(niftiChunks(grid, voxelsOf))));
    }
    writeFileSync(join(root, 'set/dataset.json'), JSON.stringify({ modality: { 0: 'CT' }, labels: { 0: 'background', 1: 'tumour', 5: 'liver' } }));
    const set = await importAll([join(root, 'set')], after(a.port, withLabels.port, b.port, third.port));
    expect(named(set.port.cases[0]?.segments)).toEqual(['1 Liver', '2 Tumour']);
    expect((await readLabelmap(set.port.cases[0]!.labelFile!)).voxels).toEqual(labels(1, 2));
    expect(set.port.problems).toMatchObject([
      { code: 'import/legend-conflict', detail: "1 'tumour' became 2, because 1 is 'Liver' here; 5 'liver' became 1, because 'liver' is 1 here" },
    ]);
  });

  it('finds the image of a label map by place, and says so', async () => {
    const series = putSeries('CT');
    const file = join(root, 'CT', 'segmentation.nii.gz');
    writeFileSync(file, gzipSync(Buffer.concat(niftiChunks(grid, labels(1, 2)))));
    const { port } = await importAll([series]);
    expect(port.cases).toHaveLength(1);
    expect((await readLabelmap(port.cases[0]!.labelFile!)).voxels).toEqual(labels(1, 2));
    expect(port.problems).toEqual([{ code: 'import/doubtful', path: file, detail: 'it names no images; attached by position to the series it lies in' }]);
  });

  it('finds new slices of a known series, and knows a part of it', async () => {
    const series = putSeries('CT');
    const held = readFileSync(join(series, 'IM4'));
    rmSync(join(series, 'IM4'));
    const first = await importAll([series]);
    const again = await importAll([series], after(first.port));
    expect(again.result).toMatchObject({ value: { importedCount: 0, alreadyImportedCount: 1 } });
    rmSync(join(series, 'IM3'));
    const part = await importAll([series], after(first.port));
    expect(part.port.problems).toEqual([{ code: 'import/already-imported', path: series, caseId: 'CT' }]);
    writeDicomSeries(grid, voxels, { seriesUid: '1.2.3.4', patientId: 'P1' }).forEach((bytes, n) => n === 3 && writeFileSync(join(series, 'IM3'), bytes));
    writeFileSync(join(series, 'IM4'), held);
    const grown = await importAll([series], after(first.port));
    expect(grown.port.cases.map(({ caseId, image }) => [caseId, image.grid.dimsIjk[2]])).toEqual([['CT-2', 5]]);
    expect(grown.port.problems).toEqual([{ code: 'import/series-grown', path: series, caseId: 'CT', newCount: 1 }]);
  });

  it('imports a zip, leaves nothing of it behind, and knows it again', async () => {
    const zip = join(root, 'study.zip');
    const slices = writeDicomSeries(grid, voxels, { seriesUid: '1.2.9' }).map((bytes, n) => ({ name: `study/CT/IM${n}`, bytes }));
    writeFileSync(zip, writeZip([...slices, { name: 'study/volume.nii', bytes: Buffer.concat(niftiChunks(grid, voxels)) }]));
    const { port, result } = await importAll([zip]);
    expect(result).toMatchObject({ value: { importedCount: 2, failedCount: 0 } });
    expect(port.cases.map(({ caseId, sourcePath }) => [caseId, sourcePath])).toEqual([
      ['volume', join(zip, 'study/volume.nii')],
      ['CT', join(zip, 'study/CT')],
    ]);
    expect(readdirSync(join(root, 'cases')).sort()).toEqual(['CT', 'volume']);
    const again = await importAll([zip], after(port));
    expect(again.result).toMatchObject({ value: { importedCount: 0, alreadyImportedCount: 2 } });
    expect(existsSync(join(root, 'cases/.importing-archives'))).toBe(false);
  });
});

describe.skipIf(!hasSharedData)(`segmentations of other programs${sharedDataNotice}`, () => {
  let root = '';
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-segs-'))));
  afterEach(() => rmSync(root, { recursive: true }));
  async function importAll(...paths: string[]) {
    const port = new Port();
    await runImport({ task: 'import', paths: paths.map((path) => join(SHARED_DATA, path)), casesFolder: join(root, 'cases'), existing: [], legend: [] }, port);
    return port;
  }
  const labelsOf = async (one: ImportedCase | undefined) => (await readLabelmap(one!.labelFile!)).voxels;

  it('STS: three structure sets find their CT, MR and PET; each equals the NIfTI mask of its twin', async () => {
    const port = await importAll('sts_dicom_rtstruct');
    expect(port.problems).toEqual([]);
    expect(port.cases).toHaveLength(6);
    for (const name of ['CT', 'MR_T1', 'PET']) {
      const [dicom, nifti] = [`${name}`, `${name}_image`].map((caseId) => port.cases.find((one) => one.caseId === caseId));
      const [a, b] = [await labelsOf(dicom), await labelsOf(nifti)];
      let differing = 0;
      for (let n = 0; n < a.length; n++) differing += Number(a[n]! > 0 !== b[n]! > 0);
      expect([a.length, differing], name).toEqual([b.length, 0]);
      expect(
        dicom?.segments?.map((one) => one.name),
        name,
      ).toEqual([`GTV_Mass_${name}`]);
    }
  });

  it('dcmqi: a SEG finds its series among others and equals its NRRD', async () => {
    const folder = 'dicom_seg_interop/dcmqi/segmentations/24x38x3';
    const port = await importAll(`${folder}/image`, `${folder}/seg`, 'dicom_seg_interop/dcmqi/segmentations/23x38x3/image');
    const withLabels = port.cases.filter(({ labelFile }) => labelFile !== undefined);
    expect(withLabels.map(({ caseId, segments }) => [caseId, segments?.map(({ name }) => name)])).toEqual([['24x38x3', ['Liver']]]);
    const { channels, grid: nrrdGrid } = await readVolumeFile(join(SHARED_DATA, folder, 'nrrd/label.nrrd'));
    const expected = toCanonical(channels[0]!, nrrdGrid);
    const labels = await readLabelmap(withLabels[0]!.labelFile!);
    expect(gridsMatch(labels.grid, expected.grid)).toBe(true);
    expect([...labels.voxels]).toEqual([...expected.voxels]);
  });
});

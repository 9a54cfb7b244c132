import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDicomSeries } from '../../../test/phantoms/writeDicomSeries.ts';
import type { JobNews } from '../../contract/jobs.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { niftiChunks } from '../../formats/nifti/writeNifti.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { fromCanonical, orientationCode } from '../../imaging/orientation.ts';
import type { VoxelArray } from '../../imaging/volume.ts';
import { loadSource } from '../read/loadSource.ts';
import type { Source } from './source.ts';
import { scanSources } from './sourceScan.ts';
import { readEverything } from '../testing/readEverything.ts';

const grid = gridFromAffine([3, 4, 5], [-0.7, 0, 0, 20.25, 0, 0, 2.5, 10.5, 0, 0.8, 0, -300, 0, 0, 0, 1]);
const image = Int16Array.from({ length: 60 }, (_, n) => n * 3);
const labels = Uint8Array.from({ length: 60 }, (_, n) => n % 3);

describe('scanSources and loadSource', () => {
  let root = '';
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-scan-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  function put(name: string, voxels: VoxelArray = image, on: Grid = grid): string {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    const bytes = Buffer.concat(niftiChunks(on, voxels));
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
    return path;
  }
  function putText(name: string, text: string): string {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }
  async function scan(...names: string[]) {
    return scanSources(names.length > 0 ? names.map((name) => join(root, name)) : [root]);
  }
  async function labelsOf(source: Source) {
    const outcome = (await readEverything([root])).outcomes.find((one) => one.source.path === source.path);
    return outcome!.labels[0]!;
  }
  const named = (sources: readonly { baseName: string }[]) => sources.map(({ baseName }) => baseName);

  it('reads a Decathlon folder with its names and labels, and passes over what lies beside', async () => {
    put('set/imagesTr/a_1.nii.gz');
    put('set/labelsTr/a_1.nii.gz', labels);
    put('set/imagesTs/a_2.nii.gz');
    put('set/truthTs/a_2.nii.gz', labels);
    put('set/predictions/a_2.nii.gz', labels);
    putText('set/imagesTr/._a_1.nii.gz', 'resource fork');
    putText('set/dataset.json', JSON.stringify({ modality: { '0': 'MRI' }, labels: { '0': 'background', '2': 'Posterior', '1': 'Anterior' } }));
    const { sources, problems } = await scan();
    expect(problems).toEqual([]);
    expect(named(sources)).toEqual(['a_1', 'a_2']);
    const [first, second] = await Promise.all(sources.map((source) => loadSource(source)));
    expect(first).toMatchObject({ channelNames: ['MRI'], modality: 'MRI', warnings: [] });
    expect(sources[0]?.kind === 'volume' && sources[0].segments.map(({ labelValue, name }) => [labelValue, name])).toEqual([
      [1, 'Anterior'],
      [2, 'Posterior'],
    ]);
    expect(orientationCode(first!.channels[0]!.grid)).toBe('LPS');
    expect((await labelsOf(sources[0]!)).voxels).toEqual(labels);
    expect(fromCanonical(first!.channels[0]!.voxels, first!.sourceGrid)).toEqual(image);
    expect(second).toBeDefined();
    expect(sources[1]).not.toHaveProperty('labelFile');
  });

  it('groups nnU-Net channel files', async () => {
    for (const name of ['a_0000', 'a_0001', 'b_0000', 'b_0001', 'c_0001'])
      put(`set/imagesTr/${name}.nii.gz`, name.endsWith('1') ? new Uint8Array(60).fill(7) : image);
    for (const name of ['a', 'b']) put(`set/labelsTr/${name}.nii.gz`, labels);
    putText(
      'set/dataset.json',
      JSON.stringify({
        channel_names: { '0': 'T2', '1': 'ADC' },
        labels: { background: 0, whole: [1, 2], lesion: 1 },
        regions_class_order: [2, 1],
        file_ending: '.nii.gz',
      }),
    );
    const { sources, problems } = await scan();
    expect(named(sources)).toEqual(['a', 'b']);
    expect(problems).toMatchObject([{ code: 'import/unsupported', detail: 'channels 1 found, 2 expected' }]);
    const loaded = await loadSource(sources[0]!);
    expect(loaded.channelNames).toEqual(['T2', 'ADC']);
    expect(loaded.channels.map(({ voxels }) => voxels.constructor.name)).toEqual(['Int16Array', 'Int16Array']);
    const [first] = sources;
    expect(first?.kind === 'volume' && first.segments.map(({ name }) => name)).toEqual(['lesion', 'whole']);
    expect(first?.kind === 'volume' && first.labelRules?.regions?.map(({ name }) => name)).toEqual(['whole', 'lesion']);
    expect((await labelsOf(first!)).segments).toBeNull();
  });

  it('pairs images and labels folders by name, and reports labels without image', async () => {
    put('images/a.nii.gz');
    put('images/b.nii');
    put('labels/a.nii.gz', labels);
    const orphan = put('labels/z.nii.gz', labels);
    put('elsewhere/images/a.nii.gz');
    const { sources, orphans, problems } = await scan();
    expect(named(sources).sort()).toEqual(['a', 'a_2', 'b']);
    expect(sources.filter((source) => source.kind === 'volume' && source.labelFile)).toHaveLength(1);
    expect([orphans, problems]).toEqual([[orphan], []]);
  });

  it.each(['case_seg', 'case-label', 'case_mask', 'case.segmentation', 'case_seg-manual'])('takes %s beside case for its label map', async (name) => {
    put('case.nii.gz');
    put(`${name}.nii.gz`, labels);
    const { sources, problems } = await scan();
    expect(sources).toMatchObject([{ baseName: 'case', labelFile: join(root, `${name}.nii.gz`) }]);
    expect(problems).toEqual([]);
  });

  it('pairs x_image with x_mask, keeps numbered series apart, and never takes a label map for an image', async () => {
    put('p/CT_image.nii.gz');
    put('p/CT_mask.nii.gz', labels);
    for (let n = 0; n < 12; n++)
      put(
        `series/scan_00${String(n).padStart(2, '0')}.nii.gz`,
        image.map((value) => value + n),
      );
    const lonely = put('q/only_seg.nii.gz', labels);
    const { sources, orphans, problems } = await scan();
    expect(sources).toHaveLength(13);
    expect(sources.find(({ baseName }) => baseName === 'CT_image')).toMatchObject({ labelFile: join(root, 'p/CT_mask.nii.gz') });
    expect([orphans, problems]).toEqual([[lonely], []]);
  });

  it('reads an nnU-Net input folder without dataset.json', async () => {
    put('imagesTs/a_0000.nii.gz');
    put('imagesTs/b_0000.nii.gz');
    expect(named((await scan()).sources)).toEqual(['a', 'b']);
  });

  it('imports the image and says why its label map does not fit', async () => {
    const other = gridFromAffine([3, 4, 4], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const moved = (mm: number): Grid => ({
      ...grid,
      originLpsMm: [grid.originLpsMm[0], grid.originLpsMm[1] + mm, grid.originLpsMm[2]] as unknown as Grid['originLpsMm'],
    });
    for (const name of ['shape', 'moved', 'far', 'values', 'negative', 'cut']) put(`images/${name}.nii`);
    const shape = put('labels/shape.nii', new Uint8Array(48), other);
    put('labels/moved.nii', labels, moved(2.5));
    const displaced = put('labels/far.nii', labels, moved(500));
    const values = put(
      'labels/values.nii',
      Float32Array.from(labels, (value) => value + 0.5),
    );
    const negative = put(
      'labels/negative.nii',
      Int16Array.from(labels, (value) => value * -200),
    );
    const cut = put('labels/cut.nii', labels);
    truncateSync(cut, 380);
    const { sources } = await scan();
    const read = await readEverything([root]);
    const labelErrors = Object.fromEntries(read.outcomes.map(({ source, labelErrors: errors }) => [source.baseName, errors.map(({ error }) => error)]));
    expect(sources).toHaveLength(6);
    expect(labelErrors).toEqual({
      shape: [{ code: 'import/label-shape', path: shape, imageDims: [3, 4, 5], labelDims: [3, 4, 4] }],
      moved: [],
      far: [{ code: 'import/bad-geometry', path: displaced, detail: 'it does not lie on its image: 500.0 mm apart, 40 of 40 labelled voxels are outside' }],
      values: [{ code: 'import/label-values', path: values, detail: 'value 0.5 is not a whole number from 0 to 65535' }],
      negative: [{ code: 'import/label-values', path: negative, detail: 'value -200 is not a whole number from 0 to 65535' }],
      cut: [{ code: 'import/truncated', path: cut, expectedBytes: 412, actualBytes: 380 }],
    });
    const resampled = read.outcomes.find(({ source }) => source.baseName === 'moved')!.labels[0]!;
    expect(resampled.warnings).toMatchObject([
      { code: 'import/labels-resampled', detail: expect.stringContaining('of 40 labelled voxels lie outside the image and are lost') },
    ]);
  });

  it('names the bytes a truncated gzip misses', async () => {
    const path = put(
      'a.nii.gz',
      Int16Array.from({ length: 60 }, (_, n) => Math.imul(n, 7919) % 30000),
    );
    truncateSync(path, 150);
    const [source] = (await scan()).sources;
    await expect(loadSource(source!)).rejects.toMatchObject({ error: { code: 'import/truncated', path } });
  });

  it('finds DICOM by content, groups series and names what is no image', async () => {
    const upright = gridFromAffine([4, 3, 5], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
    const write = (folder: string, series: string) =>
      writeDicomSeries(upright, image, { seriesUid: series, patientId: 'P1' }).forEach((bytes, n) => {
        mkdirSync(join(root, folder), { recursive: true });
        writeFileSync(join(root, folder, `${series.slice(-1)}IM${n}`), bytes);
      });
    write('patient/CT', '1.2.3.1');
    write('mixed', '1.2.3.2');
    write('mixed', '1.2.3.3');
    const text = putText('patient/CT/broken.dcm', 'no DICOM at all');
    const minc = putText('x.mnc', 'CDF');
    putText('notes.txt', 'hello');
    const { sources, problems } = await scan();
    expect(named(sources).sort()).toEqual(['CT', 'mixed_3', 'mixed_3_2']);
    expect(sources.every(({ files }) => files.length === 5)).toBe(true);
    expect(problems).toEqual([
      { code: 'import/unsupported', path: minc, detail: 'MINC file' },
      { code: 'import/unreadable', path: text, detail: 'not a DICOM file' },
    ]);
    const loaded = await loadSource(sources.find(({ baseName }) => baseName === 'CT')!);
    expect(loaded).toMatchObject({
      modality: 'CT',
      subject: 'P1',
      channelNames: ['CT'],
      sourceKey: expect.stringMatching(/^dicom:1\.2\.3\.1 5 [0-9a-f]{16}$/),
    });
    expect(loaded.channels[0]?.voxels).toEqual(image);
  });

  it('reports an empty folder, a missing path and a foreign file named by the user', async () => {
    mkdirSync(join(root, 'empty'));
    const text = putText('notes.txt', 'hello');
    const { sources, problems } = await scan('empty', 'missing', 'notes.txt');
    expect(sources).toEqual([]);
    expect(problems).toMatchObject([
      { code: 'import/unreadable', path: join(root, 'missing') },
      { code: 'import/unsupported', path: text },
      { code: 'import/nothing-found', paths: [join(root, 'empty')] },
    ]);
  });

  it('survives links in a circle, a broken dataset.json, tells progress and stops', async () => {
    put('imagesTr/a.nii.gz');
    putText('dataset.json', '{ not json');
    symlinkSync(root, join(root, 'imagesTr', 'loop'));
    const news: JobNews[] = [];
    for (let n = 0; n < 120; n++) putText(`many/${n}.txt`, '');
    const { sources, problems } = await scanSources([root], { tell: (one) => news.push(one) });
    expect(named(sources)).toEqual(['a']);
    expect(problems).toMatchObject([{ code: 'import/unreadable', path: join(root, 'dataset.json') }]);
    expect(news[0]).toMatchObject({ type: 'progress', progress: { phase: 'scanning' } });
    expect((await scanSources([root], { stop: { aborted: true } })).sources).toEqual([]);
  });
});

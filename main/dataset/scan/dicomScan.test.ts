/** DICOM as it comes from a PACS: copies, media with a DICOMDIR, archives, the same folder again. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeDicomSeries, type DicomSeriesOptions } from '../../../test/phantoms/writeDicomSeries.ts';
import { writeZip } from '../../../test/phantoms/writeZip.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../test/reference/sharedData.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { ScanMemory } from './scanMemory.ts';
import { scanSources } from './sourceScan.ts';

const grid = gridFromAffine([4, 3, 5], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: 60 }, (_, n) => n);

describe('scanning DICOM', () => {
  let root = '';
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'maskloop-dicom-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  function put(folder: string, options: DicomSeriesOptions = {}): string[] {
    mkdirSync(join(root, folder), { recursive: true });
    return writeDicomSeries(grid, voxels, options).map((bytes, n) => {
      const path = join(root, folder, `IM${n}`);
      writeFileSync(path, bytes);
      return path;
    });
  }
  const names = (sources: readonly { baseName: string }[]) => sources.map(({ baseName }) => baseName).sort();

  it('takes identical copies once and silently, and names files of one UID with other content', async () => {
    const originals = put('a/CT');
    mkdirSync(join(root, 'b'));
    originals.forEach((path, n) => copyFileSync(path, join(root, 'b', `copy${n}`)));
    const same = await scanSources([root]);
    expect(same.problems).toEqual([]);
    expect(same.sources.map(({ baseName, files }) => [baseName, files])).toEqual([['CT', originals]]);

    put('c', { intercept: '-1024' });
    const { sources, problems } = await scanSources([root]);
    expect(sources.map(({ files }) => files)).toEqual([originals]);
    expect(problems).toEqual([{ code: 'import/duplicate-uid', path: join(root, 'c/IM0'), firstPath: originals[0], count: 5 }]);
  });

  it('keeps patients apart that share a series UID, and joins a series that lies in two folders', async () => {
    const first = put('p1/x', { patientId: 'P1' });
    const second = put('p2/x', { patientId: 'P2', seriesUid: '1.2.3.4' });
    mkdirSync(join(root, 'p1/rest'));
    const moved = join(root, 'p1/rest/IM4');
    copyFileSync(first[4]!, moved);
    rmSync(first[4]!);
    const { sources, problems } = await scanSources([root]);
    expect(problems).toEqual([]);
    expect(sources.map((source) => source.kind === 'dicom' && [source.patientId, [...source.files].sort()])).toEqual([
      ['P1', [...first.slice(0, 4), moved].sort()],
      ['P2', second],
    ]);
  });

  it('reads an archive, names its files as if they were in it, and needs a folder for that', async () => {
    put('x/CT');
    const zip = join(root, 'study.zip');
    const files = readdirSync(join(root, 'x/CT')).map((name, n) => ({ name: `deep/CT/${name}`, bytes: writeDicomSeries(grid, voxels)[n]! }));
    writeFileSync(zip, writeZip([...files, { name: 'deep/broken.dcm', bytes: Buffer.from('no DICOM') }, { name: 'deep/inner.zip', bytes: writeZip([]) }]));
    const unpackFolder = join(root, 'unpacked');
    const memory = new ScanMemory();
    const { sources, problems, shown, filesOf } = await scanSources([zip], { unpackFolder, memory });
    expect(names(sources)).toEqual(['CT']);
    expect(shown.text(sources[0]!.path)).toBe(join(zip, 'deep/CT'));
    expect(filesOf(sources[0]!.files)[0]).toEqual({ path: join(zip, 'deep/CT/IM0'), bytes: files[0]!.bytes.length, modifiedMs: statSync(zip).mtimeMs });
    expect(problems).toEqual([
      { code: 'import/archive-refused', path: join(zip, 'deep/inner.zip'), detail: 'an archive inside an archive' },
      { code: 'import/unreadable', path: join(zip, 'deep/broken.dcm'), detail: 'not a DICOM file' },
    ]);
    const again = await scanSources([zip], { unpackFolder: join(root, 'elsewhere'), memory });
    expect(again.problems).toEqual(problems);
    expect((await scanSources([zip])).problems).toMatchObject([{ code: 'import/archive-refused', path: zip }]);
  });

  it('remembers files that have not changed, and looks again at those that have', async () => {
    const files = put('CT');
    const [first, second] = files;
    for (const file of files) utimesSync(file, 1_700_000_000, 1_700_000_000);
    const memoryFile = join(root, 'memory.json.gz');
    const memory = await ScanMemory.read(memoryFile);
    await scanSources([join(root, 'CT')], { memory });
    await memory.write(memoryFile);
    // the content changes behind the back of size and time: what is remembered counts
    const { size, mtime } = statSync(first!);
    writeFileSync(first!, Buffer.alloc(size));
    utimesSync(first!, mtime, mtime);
    const known = await ScanMemory.read(memoryFile);
    expect((await scanSources([join(root, 'CT')], { memory: known })).sources[0]?.files).toHaveLength(5);
    utimesSync(first!, mtime, new Date(mtime.getTime() + 5000));
    expect((await scanSources([join(root, 'CT')], { memory: known })).sources[0]?.files).toHaveLength(4);
    rmSync(second!);
    expect((await scanSources([join(root, 'CT')], { memory: known })).sources[0]?.files).toHaveLength(3);
    writeFileSync(memoryFile, 'damaged');
    expect((await scanSources([join(root, 'CT')], { memory: await ScanMemory.read(memoryFile) })).sources[0]?.files).toHaveLength(3);
  });

  it('stops within a file', async () => {
    put('CT');
    let asked = 0;
    const stop = {
      get aborted() {
        return ++asked > 8;
      },
    };
    expect((await scanSources([root], { stop })).sources.flatMap(({ files }) => files).length).toBeLessThan(5);
  });
});

describe.skipIf(!hasSharedData)(`DICOMDIR of real media${sharedDataNotice}`, () => {
  const medium = join(SHARED_DATA, 'dicom_geometry_edge/pydicom_dicomdirtests');

  // 31 images, 15 of them single views of scouts, which are refused
  it('names what is missing, and never imports a file twice', async () => {
    const { sources, problems } = await scanSources([medium]);
    const files = sources.flatMap((source) => source.files);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((path) => !path.includes('TINY_ALPHA'))).toHaveLength(16);
    expect(problems.filter(({ code }) => code === 'import/files-missing')).toEqual([]);
  });

  it('a DICOMDIR alone stands for the files it names', async () => {
    for (const name of ['DICOMDIR', 'DICOMDIR-bigEnd', 'DICOMDIR-implicit', 'DICOMDIR-nopatient', 'DICOMDIR-reordered']) {
      const { sources, problems } = await scanSources([join(medium, name)]);
      expect(
        sources.flatMap((source) => source.files),
        name,
      ).toHaveLength(16);
      expect(
        problems.filter(({ code }) => code === 'import/nothing-found'),
        name,
      ).toEqual([]);
    }
    // its items are shorter than they say
    expect((await scanSources([join(medium, 'DICOMDIR-nooffset')])).problems).toMatchObject([{ code: 'import/unreadable' }]);
    const empty = await scanSources([join(medium, 'DICOMDIR-empty.dcm')]);
    expect(empty.problems).toMatchObject([{ code: 'import/nothing-found' }]);
  });

  it('finds names in any case and says which files are gone', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'maskloop-medium-'));
    try {
      copyFileSync(join(medium, 'DICOMDIR'), join(copy, 'dicomdir'));
      const lower = join(copy, '77654033/ct2/17106.;1');
      mkdirSync(dirname(lower), { recursive: true });
      copyFileSync(join(medium, '77654033/CT2/17106'), lower);
      const { sources, problems } = await scanSources([join(copy, 'dicomdir')]);
      expect(sources.flatMap((source) => source.files)).toEqual([lower]);
      expect(problems).toEqual([{ code: 'import/files-missing', path: join(copy, 'dicomdir'), count: 30, first: join(copy, '77654033/CR1/6154') }]);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { digestedMask, digestedMasks, pydicomMasks } from '../../../test/reference/dicomSegPython.ts';
import { programPath } from '../../../test/reference/program.ts';
import type { Provenance } from '../../contract/provenance.ts';
import type { Grid, RunId, Segment } from '../../contract/vocabulary.ts';
import { gridDistanceMm, ijkToLps, lpsToIjk } from '../../imaging/grid.ts';
import { datasetOf } from '../dicom/write/datasetOf.ts';
import type { DicomReference } from '../dicom/dicomReference.ts';
import { parseDicom } from '../dicom/parseDicom.ts';
import { readDicomSeg } from './readDicomSeg.ts';
import { writeDicomSeg, type DicomSegSource } from './writeDicomSeg.ts';

const dciodvfy = programPath('dciodvfy');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-seg-'));
afterAll(() => rmSync(folder, { recursive: true }));

let seed = 1;
const random = (count: number) => Uint8Array.from({ length: count }, () => (seed = (seed * 16_807) % 2_147_483_647) & 255);

const DIMS = [13, 11, 7] as const;
const [COS, SIN] = [Math.cos(0.4), Math.sin(0.4)];
const gridOf = (direction: readonly number[], spacingMm = [0.7, 0.9, 2.5]) =>
  ({ dimsIjk: DIMS, spacingMm, originLpsMm: [-101.123456789, 20.5, -1300.25], direction }) as unknown as Grid;
/** A rotation about two axes, columns as rows. */
const OBLIQUE = [COS, SIN, 0, -SIN * COS, COS * COS, SIN, SIN * SIN, -COS * SIN, COS];
const GRIDS = {
  axial: gridOf([1, 0, 0, 0, 1, 0, 0, 0, 1]),
  oblique: gridOf(OBLIQUE),
  coronal: gridOf([1, 0, 0, 0, 0, -1, 0, 1, 0]),
  // slices from head to feet, and rows from left to right
  reversed: gridOf([-1, 0, 0, 0, 1, 0, 0, 0, -1]),
  // k against the normal of the slices, as NIfTI files may have it
  leftHanded: gridOf([1, 0, 0, 0, 1, 0, 0, 0, -1]),
};

const SEGMENTS: readonly Segment[] = [
  {
    labelValue: 1,
    name: 'Liver',
    colorRgb: [221, 130, 101],
    codes: { category: { scheme: 'SCT', value: '123037004', meaning: 'Anatomical Structure' }, type: { scheme: 'SCT', value: '10200004', meaning: 'Liver' } },
  },
  {
    labelValue: 7,
    name: 'Niere links – größer',
    colorRgb: [0, 255, 0],
    codes: {
      category: { scheme: 'SCT', value: '123037004', meaning: 'Anatomical Structure' },
      type: { scheme: 'SCT', value: '64033007', meaning: 'Kidney' },
      modifier: { scheme: 'SCT', value: '7771000', meaning: 'Left' },
    },
  },
  { labelValue: 300, name: 'Läsion', colorRgb: [255, 0, 255] },
];
/** Blocks that leave the outer slices empty; 143 voxels a frame do not fill whole bytes. */
const LABELS = Uint16Array.from({ length: 13 * 11 * 7 }, (_, n) => {
  const [i, j, k] = [n % 13, Math.floor(n / 13) % 11, Math.floor(n / 143)];
  if (k < 1 || k > 5) return 0;
  if (i > 2 && i < 7 && j > 1 && j < 9) return 1;
  if (i >= 8 && j >= 6 && k !== 3) return 7;
  return i === 12 && j === 0 && k === 2 ? 300 : 0;
});

const PROVENANCE: Provenance = {
  softwareVersion: '0.1.0',
  origin: 'corrected',
  models: [{ runId: 'run-1' as RunId, algorithmName: 'nnU-Net 3d_fullres', weightsSha256: 'ab'.repeat(32), trainingDataSha256: 'cd'.repeat(32) }],
  author: 'Dr. Müller',
  savedAtMs: Date.UTC(2026, 4, 5, 10),
  accepted: { author: 'Dr. Meier', atMs: Date.UTC(2026, 4, 6, 10) },
};
const REFERENCE: DicomReference = {
  version: 1,
  attributes: datasetOf({
    PatientName: 'Yamada^Tarou=山田^太郎',
    PatientID: 'P-7',
    PatientBirthDate: '19700101',
    PatientSex: 'M',
    StudyInstanceUID: '1.2.3.4',
    StudyDate: '20260101',
    StudyTime: '101112',
    StudyID: 'S1',
    StudyDescription: 'Abdomen',
    AccessionNumber: 'A1',
    ReferringPhysicianName: 'Weiß^Anna',
    SeriesInstanceUID: '1.2.3.4.5',
    FrameOfReferenceUID: '1.2.3.4.9',
    PositionReferenceIndicator: '',
    BodyPartExamined: 'ABDOMEN',
    Manufacturer: 'ACME',
    ManufacturerModelName: 'Scan 1',
    TimezoneOffsetFromUTC: '+0100',
  }),
  images: Array.from({ length: DIMS[2] }, (_, k) => ({ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: `1.2.3.4.5.${k + 1}` })),
};
const source = (changes: Partial<DicomSegSource> = {}): DicomSegSource => ({
  type: 'BINARY',
  grid: GRIDS.axial,
  labels: LABELS,
  segments: SEGMENTS,
  reference: REFERENCE,
  subject: 'case-1',
  provenance: PROVENANCE,
  nowMs: Date.UTC(2026, 4, 7, 12),
  random,
  ...changes,
});

interface Written {
  readonly title: string;
  readonly grid: Grid;
  readonly type: DicomSegSource['type'];
  readonly path: string;
  readonly bytes: Uint8Array;
}
const written: Written[] = (['BINARY', 'LABELMAP'] as const).flatMap((type) =>
  Object.entries(GRIDS).map(([name, grid]) => {
    const path = join(folder, `${type}-${name}.dcm`);
    return { title: `${type} ${name}`, grid, type, path, bytes: writeDicomSeg(source({ type, grid })) };
  }),
);
const others = {
  'without DICOM images': source({ reference: undefined, provenance: { ...PROVENANCE, origin: 'manual', models: [], accepted: null } }),
  'by a model alone': source({ provenance: { ...PROVENANCE, origin: 'model', author: 'Maskloop', accepted: null } }),
  'resampled: no slice lies on an image': source({ reference: { ...REFERENCE, images: [] } }),
  'frames of one image': source({
    reference: {
      ...REFERENCE,
      images: REFERENCE.images.map((image, k) => ({ sopClassUid: '1.2.840.10008.5.1.4.1.1.2.1', sopInstanceUid: '1.2.3.4.5.6', frameNumber: k + 1 })),
    },
  }),
  'nothing labelled': source({ labels: new Uint8Array(LABELS.length), segments: SEGMENTS.slice(0, 1) }),
};

beforeAll(() => {
  for (const { path, bytes } of written) writeFileSync(path, bytes);
});

/** Masks on the grid of the labels, from whatever grid was read. */
function onGridOf(grid: Grid, read: Awaited<ReturnType<typeof readDicomSeg>>): Uint8Array[] {
  const [ni, nj, nk] = grid.dimsIjk;
  return read.segments.map((_, index) => {
    const mask = read.maskOf(index);
    const onto = new Uint8Array(ni * nj * nk);
    const [ri, rj] = read.grid.dimsIjk;
    for (let n = 0; n < mask.length; n++) {
      if (mask[n] === 0) continue;
      const ijk = [n % ri, Math.floor(n / ri) % rj, Math.floor(n / (ri * rj))] as const;
      const [i, j, k] = lpsToIjk(grid, ijkToLps(read.grid, ijk)).map((x) => {
        expect(Math.abs(x - Math.round(x))).toBeLessThan(1e-6);
        return Math.round(x);
      }) as [number, number, number];
      onto[i + ni * (j + nj * k)] = 1;
    }
    return onto;
  });
}
const truth = SEGMENTS.map(({ labelValue }) => Uint8Array.from(LABELS, (value) => (value === labelValue ? 1 : 0)));

describe('written and read again', () => {
  it.each(written)('$title: every voxel in its place', async ({ grid, type, bytes, path }) => {
    const read = await readDicomSeg(bytes, path);
    expect(onGridOf(grid, read)).toEqual(truth);
    expect(read.warnings).toEqual([]);
    expect(read.segments.map(({ number }) => number)).toEqual(type === 'BINARY' ? [1, 2, 3] : [1, 7, 300]);
    expect(read.segments.map(({ name, codes }) => ({ name, codes }))).toMatchObject(SEGMENTS.map(({ name, codes }) => ({ name, ...(codes ? { codes } : {}) })));
    read.segments.forEach(({ colorRgb }, n) => colorRgb!.forEach((channel, c) => expect(Math.abs(channel - SEGMENTS[n]!.colorRgb[c]!)).toBeLessThanOrEqual(1)));
    expect(read.image).toMatchObject({ studyUid: '1.2.3.4', seriesUid: '1.2.3.4.5', frameOfReferenceUid: '1.2.3.4.9' });
    expect(read.image.sopInstanceUids).toHaveLength(DIMS[2]);
  });

  it('slices that are labelled from end to end give the same grid', async () => {
    const labels = LABELS.map((value, n) => (n % 143 === 0 ? 1 : value));
    for (const grid of [GRIDS.axial, GRIDS.oblique, GRIDS.reversed]) {
      const read = await readDicomSeg(writeDicomSeg(source({ grid, labels })), 'x.dcm');
      expect(gridDistanceMm(read.grid, grid)).toBeLessThan(1e-6);
    }
  });

  it('nothing labelled is an object of one empty frame', async () => {
    const read = await readDicomSeg(writeDicomSeg(others['nothing labelled']), 'x.dcm');
    expect(read.grid.dimsIjk).toEqual([13, 11, 1]);
    expect(read.maskOf(0).every((voxel) => voxel === 0)).toBe(true);
  });

  it('a label without a segment is an error, not a loss', () => {
    expect(() => writeDicomSeg(source({ segments: SEGMENTS.slice(0, 2) }))).toThrow('label 300 has no segment');
    expect(() => writeDicomSeg(source({ segments: [] }))).toThrow('needs a segment');
  });

  it('more than 255 segments', async () => {
    const segments = Array.from({ length: 400 }, (_, n): Segment => ({ labelValue: n + 1, name: `s${n + 1}`, colorRgb: [1, 2, 3] }));
    const labels = Uint16Array.from(LABELS, (_, n) => (n < 400 ? n + 1 : 0));
    for (const type of ['BINARY', 'LABELMAP'] as const) {
      const read = await readDicomSeg(writeDicomSeg(source({ type, segments, labels })), 'x.dcm');
      expect(read.segments).toHaveLength(400);
      for (const index of [0, 142, 143, 399]) expect(read.maskOf(index).indexOf(1)).toBe(index);
    }
  });
});

it('says who and what made it', () => {
  const { dataSet } = parseDicom(written[0]!.bytes, 'x.dcm');
  const equipment = dataSet.elements['x0018a001']!.items!.map(({ dataSet: item }) => [item!.string('x00080070'), item!.string('x0018a003')]);
  expect(equipment).toEqual([
    ['ACME', 'Made the images'],
    ['Maskloop', expect.stringContaining('nnU-Net 3d_fullres')],
    ['Maskloop', 'Corrected by a person'],
    ['Maskloop', 'Accepted by a person'],
  ]);
  const segment = dataSet.elements['x00620002']!.items![0]!.dataSet!;
  expect(segment.string('x00620008')).toBe('SEMIAUTOMATIC');
  expect(segment.elements['x00620007']!.items![0]!.dataSet!.string('x00660032')).toContain(
    `weightsSha256=${'ab'.repeat(32)} trainingDataSha256=${'cd'.repeat(32)}`,
  );
});

it('names no person for masks that came as files', () => {
  const provenance: Provenance = { ...PROVENANCE, origin: 'manual', models: [], author: 'import', accepted: { author: 'import', atMs: 0 } };
  const { dataSet } = parseDicom(writeDicomSeg(source({ provenance })), 'x.dcm');
  const said = dataSet.elements['x0018a001']!.items!.map(({ dataSet: item }) => item!.string('x0018a003'));
  expect(said).toEqual(['Made the images', 'Imported on 2026-05-05. Accepted as imported on 1970-01-01.']);
  expect(dataSet.string('x00700084') ?? '').toBe('');
});

const complaints = (path: string): string[] => {
  let output = '';
  try {
    execFileSync(dciodvfy!, [path], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    output = execFileSync('sh', ['-c', `"${dciodvfy}" "${path}" 2>&1`], { encoding: 'utf8' });
  } catch (thrown) {
    output = String((thrown as { stderr?: string }).stderr);
  }
  return output.split('\n').filter((line) => /^(Error|Warning)/.test(line));
};

describe.skipIf(!dciodvfy)(`dciodvfy has nothing to say${dciodvfy ? '' : ' (skipped: dciodvfy is not here)'}`, () => {
  it.each(written.filter(({ type }) => type === 'BINARY'))('$title', ({ path }) => expect(complaints(path)).toEqual([]));

  it.each(Object.entries(others))('%s', (name, one) => {
    const path = join(folder, `${name.replace(/\W/g, '-')}.dcm`);
    writeFileSync(path, writeDicomSeg(one));
    expect(complaints(path)).toEqual([]);
  });
});

describe.skipIf(!hasDicomPython)(`other programs read the same${dicomPythonNotice}`, () => {
  it('pydicom, frame by frame', async () => {
    const files = await Promise.all(written.map(async ({ path, bytes }) => ({ path, read: await readDicomSeg(bytes, path) })));
    pydicomMasks(files).forEach(({ masks, largestMiss }, n) => {
      expect(largestMiss, written[n]!.title).toBeLessThan(1e-6);
      expect({ ...masks, ...digestedMasks(files[n]!.read) }, written[n]!.title).toEqual(masks);
    });
  });

  it('highdicom, as volumes', () => {
    const paths = written.map(({ path }) => path);
    const volumes = askPython<{ affine: number[]; sha1: Record<string, string>; algorithm: string; patient: string }[]>(HIGHDICOM, ...paths);
    volumes.forEach(({ affine, sha1, algorithm, patient }, n) => {
      const { grid, title, type } = written[n]!;
      const column = (axis: number) => [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!] as const;
      // its axes are slices, rows, columns; slices may run the other way
      const origin = lpsToIjk(grid, column(3) as [number, number, number]);
      const next = lpsToIjk(grid, column(3).map((x, world) => x + column(0)[world]!) as [number, number, number]);
      [origin[0], origin[1], next[0], next[1]].forEach((x) => expect(x, title).toBeCloseTo(0, 6));
      const [first, step] = [Math.round(origin[2]), Math.round(next[2] - origin[2])];
      expect([origin[2], next[2] - origin[2]].map((x) => Number(x.toFixed(6)))).toEqual(step === 1 ? [1, 1] : [5, -1]);
      SEGMENTS.forEach(({ labelValue }, index) => {
        const expected = new Uint8Array(5 * 143);
        for (let slice = 0; slice < 5; slice++) {
          const k = first + slice * step;
          expected.set(truth[index]!.subarray(k * 143, (k + 1) * 143), slice * 143);
        }
        expect(sha1[type === 'BINARY' ? index + 1 : labelValue], `${title} ${labelValue}`).toBe(digestedMask(expected).sha1);
      });
      expect([algorithm, patient]).toEqual(['nnU-Net 3d_fullres', '山田^太郎']);
    });
  });
});

const HIGHDICOM = `
import sys, json, hashlib, numpy as np, highdicom as hd
answers = []
for path in sys.argv[1:]:
    seg = hd.seg.segread(path)
    numbers = [int(n) for n in seg.segment_numbers]
    sha1 = {}
    for n in numbers:
        volume = seg.get_volume(combine_segments=True, dtype=np.uint16)
        sha1[n] = hashlib.sha1((volume.array == n).astype(np.uint8).tobytes()).hexdigest()
    identified = seg.get_segment_description(numbers[-1]).algorithm_identification
    answers.append({"affine": volume.affine.ravel().tolist(), "sha1": sha1, "algorithm": identified.name, "patient": seg.PatientName.ideographic})
print(json.dumps(answers))
`;

/** Real DICOM series against SimpleITK and pydicom: the same grid and the same values, voxel by voxel. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grid } from '../../main/contract/vocabulary.ts';
import { readDicomFiles } from '../../main/dataset/read/readDicomFiles.ts';
import { readDicomSummary } from '../../main/formats/dicom/dicomSummary.ts';
import { looksLikeDicom } from '../../main/formats/dicom/parseDicom.ts';
import { readDicomSlices } from '../../main/formats/dicom/readDicomSlices.ts';
import { splitStacks } from '../../main/formats/dicom/stack/splitStacks.ts';
import { stackDicomSlices, type DicomVolume } from '../../main/formats/dicom/stack/stackDicomSlices.ts';
import { gridDistanceMm } from '../../main/imaging/grid.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from './dicomPython.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from './sharedData.ts';

const SCRIPT = readFileSync(new URL('./dicomGeometry.py', import.meta.url), 'utf8');

/** Legacy Converted Enhanced objects, from slices in a mixed-up order. */
const CONVERT = `
import glob, json, random, sys
import logging; logging.disable(logging.CRITICAL)
import highdicom.legacy as legacy, pydicom
from pydicom.uid import generate_uid
for kind, folder, out in json.loads(sys.argv[1]):
    slices = [pydicom.dcmread(path) for path in sorted(glob.glob(folder + "/*"))]
    random.Random(3).shuffle(slices)
    make = getattr(legacy, f"LegacyConvertedEnhanced{kind}Image")
    make(legacy_datasets=slices, series_instance_uid=generate_uid(), series_number=9, sop_instance_uid=generate_uid(), instance_number=1).save_as(out)
print("null")
`;

interface Subject {
  /** Or a file. */
  readonly folder: string;
  /** Of the stack to look at; '' when the series is one. */
  readonly stack: string;
  readonly isMultiFrame: boolean;
}

const classic = (folder: string, stack = ''): Subject => ({ folder, stack, isMultiFrame: false });
const multiFrame = (folder: string, stack = ''): Subject => ({ folder, stack, isMultiFrame: true });
const prostate = 'prostatex_mr/ProstateX-0000/6.000000-ep2ddifftraDYNDIST-69284';

const SUBJECTS: readonly Subject[] = [
  classic('sts_dicom_rtstruct/dicom/STS_025/CT/image'),
  classic('sts_dicom_rtstruct/dicom/STS_025/MR_T1/image'),
  classic('sts_dicom_rtstruct/dicom/STS_025/PET/image'),
  classic('msd_hippocampus/dicom_hcrop/Study1_13_HCropVolume'),
  classic('dicom2nifti_groundtruth/generic/anatomical/001'),
  classic('dicom2nifti_groundtruth/generic/anatomical/002_non_isotropic'),
  classic('dicom2nifti_groundtruth/hitachi/anatomical/001'),
  classic('dicom_geometry_edge/ct_iop_negative_torchio'),
  classic('dicom_geometry_edge/oblique_nonsquare_rt-utils'),
  classic('dicom_geometry_edge/pydicom_dicomdirtests/98892001/CT5N'),
  classic('dicom_seg_interop/dcmqi/segmentations/24x38x3/image'),
  classic('prostatex_mr/ProstateX-0000/7.000000-ep2ddifftraDYNDISTADC-48780'),
  classic(prostate, 'b=50'),
  classic(prostate, 'b=400'),
  classic(prostate, 'b=800'),
  multiFrame('dicom_seg_interop/dcmqi/segmentations/24x38x3/multiframe'),
  multiFrame('dicom_enhanced/Siemens/XA10', 'time 1'),
  // two frames in descending order
  multiFrame('dicom_enhanced/eCT_Supplemental.dcm'),
];

/** Kind, folder, names of the stacks. */
const CONVERTED: readonly (readonly [string, string, readonly string[]])[] = [
  ['CT', 'sts_dicom_rtstruct/dicom/STS_025/CT/image', ['']],
  ['PET', 'sts_dicom_rtstruct/dicom/STS_025/PET/image', ['']],
  ['MR', prostate, ['b=50', 'b=400', 'b=800']],
];

/** The files of the stack and its volume. */
async function readStack({ folder, stack }: Subject): Promise<{ files: string[]; volume: DicomVolume }> {
  const place = join(SHARED_DATA, folder);
  const paths = statSync(place).isFile() ? [place] : readdirSync(place).map((name) => join(place, name));
  const found = paths.flatMap((path) => {
    const bytes = readFileSync(path);
    return looksLikeDicom(bytes) ? [{ path, frames: readDicomSummary(bytes, path).frames }] : [];
  });
  const stacks = splitStacks(found.flatMap(({ frames }) => frames));
  const keys = new Set(stacks.find(({ name }) => name === stack)!.frames.map(({ key }) => key));
  const files = found.filter(({ frames }) => frames.some(({ key }) => keys.has(key))).map(({ path }) => path);
  const slices = (await readDicomFiles(files)).filter(({ key }) => keys.has(key));
  return { files, volume: stackDicomSlices(slices, folder) };
}

/** The largest difference, relative to the value where that is above 1; NaN in `truth` does not count. */
function largestDifference(volume: DicomVolume, truthFile: string): number {
  const bytes = readFileSync(truthFile);
  const truth = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  if (truth.length !== volume.voxels.length) return Infinity;
  let largest = 0;
  for (let n = 0; n < truth.length; n++) {
    const difference = Math.abs(volume.voxels[n]! - truth[n]!) / Math.max(1, Math.abs(truth[n]!));
    if (difference > largest) largest = difference;
  }
  return largest;
}

const isThere = hasDicomPython && hasSharedData;

describe.skipIf(!isThere)(`DICOM geometry of real series${dicomPythonNotice}${sharedDataNotice}`, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'maskloop-geometry-'));
  const volumes: DicomVolume[] = [];
  let truths: Grid[] = [];

  beforeAll(async () => {
    const cases = [];
    for (const [n, subject] of SUBJECTS.entries()) {
      const { files, volume } = await readStack(subject);
      volumes.push(volume);
      cases.push({ files, isMultiFrame: subject.isMultiFrame, out: join(scratch, `${n}.raw`) });
    }
    writeFileSync(join(scratch, 'cases.json'), JSON.stringify(cases));
    truths = askPython<Grid[]>(SCRIPT, join(scratch, 'cases.json'));
    const conversions = CONVERTED.map(([kind, folder]) => [kind, join(SHARED_DATA, folder), join(scratch, `${kind}.dcm`)]);
    askPython(CONVERT, JSON.stringify(conversions));
  }, 60_000);
  afterAll(() => rmSync(scratch, { recursive: true }));

  it.each(SUBJECTS.map((subject, n) => [`${subject.folder} ${subject.stack}`.trim(), n] as const))('%s', (_, n) => {
    const [volume, truth] = [volumes[n]!, truths[n]!];
    expect(volume.isResampled).toBe(false);
    volume.grid.spacingMm.forEach((mm, axis) => expect(Math.abs(mm - truth.spacingMm[axis]!)).toBeLessThan(1e-6));
    expect(gridDistanceMm(volume.grid, truth)).toBeLessThan(1e-3);
    // whole numbers exactly; others as well as float32 holds them
    const isWhole = !(volume.voxels instanceof Float32Array);
    expect(largestDifference(volume, join(scratch, `${n}.raw`))).toBeLessThanOrEqual(isWhole ? 0 : 6e-8);
  });

  it.each(CONVERTED)('%s made a multi-frame object by highdicom, its frames out of order, is the classic series', (kind, folder, names) => {
    const file = join(scratch, `${kind}.dcm`);
    const bytes = readFileSync(file);
    const stacks = splitStacks(readDicomSummary(bytes, file).frames);
    expect(stacks.map(({ name }) => name)).toEqual(names);
    const slices = readDicomSlices(bytes, file);
    for (const { name, frames } of stacks) {
      const keys = new Set(frames.map(({ key }) => key));
      const volume = stackDicomSlices(
        slices.filter(({ key }) => keys.has(key)),
        file,
      );
      const classicVolume = volumes[SUBJECTS.findIndex((subject) => subject.folder === folder && subject.stack === name)]!;
      expect(gridDistanceMm(volume.grid, classicVolume.grid)).toBeLessThan(1e-9);
      expect(Buffer.from(volume.voxels.buffer).equals(Buffer.from(classicVolume.voxels.buffer))).toBe(true);
      expect(volume).toMatchObject({ quantity: classicVolume.quantity, warnings: [] });
    }
  });

  it('a CT with 18.5° of gantry tilt is resampled as numpy samples its slices', async () => {
    const { files, volume } = await readStack(classic('dicom_geometry_edge/ct_gantry_tilt_variable_spacing_GE'));
    expect(volume.isResampled).toBe(true);
    expect(volume.warnings).toMatchObject([{ code: 'import/resampled', detail: expect.stringContaining('gantry tilt of 18.5°') }]);
    const out = join(scratch, 'tilt.raw');
    writeFileSync(join(scratch, 'tilt.json'), JSON.stringify([{ files, out, grid: volume.grid }]));
    askPython(SCRIPT, join(scratch, 'tilt.json'));
    // voxels are rounded to whole Hounsfield units; cosines of seven digits leave the places 1e-5 pixels apart
    const bytes = readFileSync(out);
    const truth = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
    let [largest, counted] = [0, 0];
    truth.forEach((value, n) => {
      if (Number.isNaN(value)) return;
      counted++;
      largest = Math.max(largest, Math.abs(volume.voxels[n]! - value));
    });
    expect(largest).toBeLessThanOrEqual(0.51);
    expect(counted).toBeGreaterThan(0.7 * truth.length);
  });
});

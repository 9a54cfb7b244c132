/** Masks on real series, written and read by everybody: CT, oblique MR, oblique pixels that are not square. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { digestedMask, digestedMasks, pydicomMasks } from '../../../test/reference/dicomSegPython.ts';
import { programPath } from '../../../test/reference/program.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../test/reference/sharedData.ts';
import type { RunId, Segment } from '../../contract/vocabulary.ts';
import { gridsMatch } from '../../imaging/grid.ts';
import { dicomReferenceOf } from '../dicom/dicomReferenceOf.ts';
import { parseDicom } from '../dicom/parseDicom.ts';
import { readDicomSlices } from '../dicom/readDicomSlices.ts';
import { stackDicomSlices } from '../dicom/stack/stackDicomSlices.ts';
import { readDicomSeg } from './readDicomSeg.ts';
import { writeDicomSeg } from './writeDicomSeg.ts';

const dciodvfy = programPath('dciodvfy');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-seg-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SERIES = ['sts_dicom_rtstruct/dicom/STS_025/CT/image', 'sts_dicom_rtstruct/dicom/STS_025/MR_T1/image', 'dicom_geometry_edge/oblique_nonsquare_rt-utils'];
const SEGMENTS = Array.from({ length: 4 }, (_, n): Segment => ({ labelValue: n + 1, name: `band ${n + 1}`, colorRgb: [60 * n, 255 - 60 * n, 90] }));
const PROVENANCE = {
  softwareVersion: '0.1.0',
  origin: 'model' as const,
  models: [{ runId: 'run-1' as RunId, algorithmName: 'nnU-Net 3d_fullres', weightsSha256: 'ab'.repeat(32), trainingDataSha256: null }],
  author: 'Maskloop',
  savedAtMs: Date.UTC(2026, 4, 5),
  accepted: null,
};

/** Four bands of grey between the darkest and the brightest voxel: many ragged parts in every slice; one voxel at least in each. */
function bands(voxels: ArrayLike<number>, pixels: number): Uint8Array {
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < voxels.length; n++) [low, high] = [Math.min(low, voxels[n]!), Math.max(high, voxels[n]!)];
  return Uint8Array.from({ length: voxels.length }, (_, n) => (n % pixels === 0 ? 1 : Math.min(4, Math.floor((5 * (voxels[n]! - low)) / (high - low)))));
}

function errorsIn(path: string): string[] {
  const said = execFileSync('sh', ['-c', `"${dciodvfy}" "${path}" 2>&1 || true`], { encoding: 'utf8' });
  return said.split('\n').filter((line) => line.startsWith('Error'));
}

describe.skipIf(!hasSharedData)(`masks on real series${sharedDataNotice}`, () => {
  it.skipIf(!hasDicomPython || !dciodvfy).each(SERIES)(`%s${dicomPythonNotice}`, async (series) => {
    const source = join(SHARED_DATA, series);
    const files = readdirSync(source)
      .filter((name) => name.endsWith('.dcm'))
      .map((name) => join(source, name));
    const slices = files.flatMap((path) => readDicomSlices(readFileSync(path), path));
    const { grid, voxels, sliceKeys } = stackDicomSlices(slices, source);
    const first = slices.find(({ key }) => key === sliceKeys[0])!.path;
    const reference = dicomReferenceOf(parseDicom(readFileSync(first), first).dataSet, sliceKeys);
    const labels = bands(voxels, grid.dimsIjk[0] * grid.dimsIjk[1]);
    const path = join(folder, `${SERIES.indexOf(series)}.dcm`);
    let byte = 0;
    const random = (count: number) => Uint8Array.from({ length: count }, () => byte++);
    writeFileSync(path, writeDicomSeg({ type: 'BINARY', grid, labels, segments: SEGMENTS, reference, subject: '', provenance: PROVENANCE, nowMs: 0, random }));

    const read = await readDicomSeg(readFileSync(path), path);
    expect(gridsMatch(read.grid, grid, 1e-6)).toBe(true);
    const expected = Object.fromEntries(
      SEGMENTS.map(({ labelValue }) => [labelValue, digestedMask(Uint8Array.from(labels, (value) => (value === labelValue ? 1 : 0)))]),
    );
    expect(digestedMasks(read)).toEqual(expected);
    const [pydicom] = pydicomMasks([{ path, read }]);
    expect(pydicom!.masks).toEqual(expected);
    expect(pydicom!.largestMiss).toBeLessThan(1e-4);

    // every frame lies on the image that it names, and belongs to its patient and study
    const images = askPython<{ farthestMm: number; frames: number; carried: boolean }>(SOURCES, path, source);
    expect(images.farthestMm).toBeLessThan(1e-4);
    expect(images).toMatchObject({ carried: true });
    // a Study ID that is too long is so in the images, and stays what it is
    const inherited = new Set(errorsIn(first));
    expect(errorsIn(path).filter((line) => !inherited.has(line))).toEqual([]);
  });
});

const SOURCES = `
import sys, json, glob, numpy as np, pydicom
seg = pydicom.dcmread(sys.argv[1])
images = {d.SOPInstanceUID: d for d in (pydicom.dcmread(f, stop_before_pixels=True) for f in glob.glob(sys.argv[2] + "/*.dcm"))}
farthest = 0.0
for groups in seg.PerFrameFunctionalGroupsSequence:
    source = images[groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID]
    position = groups.PlanePositionSequence[0].ImagePositionPatient
    farthest = max(farthest, max(abs(float(a) - float(b)) for a, b in zip(position, source.ImagePositionPatient)))
KEYS = ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "FrameOfReferenceUID", "AccessionNumber")
# one series has a study of its own for each slice, and no frame of reference
same = [all(str(seg.get(k) or "") == str(d.get(k) or "") for k in KEYS if k in d) for d in images.values()]
listed = {i.ReferencedSOPInstanceUID for i in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
print(json.dumps({"farthestMm": farthest, "frames": len(seg.PerFrameFunctionalGroupsSequence), "carried": any(same) and listed == set(images)}))
`;

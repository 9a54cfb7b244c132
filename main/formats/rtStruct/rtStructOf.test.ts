/** What is written as RTSTRUCT is read back to the voxel, by Maskloop and by pydicom, and passes dciodvfy. */
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Provenance } from '../../contract/provenance.ts';
import { Segment, type Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { datasetOf } from '../dicom/write/datasetOf.ts';
import type { DicomReference } from '../dicom/dicomReference.ts';
import { deidentify } from '../dicom/deidentify/deidentify.ts';
import { writeImplicitDicom } from '../dicom/write/writeDicom.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { fillInPython } from '../../../test/reference/fillInPython.ts';
import { programPath } from '../../../test/reference/program.ts';
import { rasterizeRtStruct } from './rasterizeRtStruct.ts';
import { readRtStruct } from './readRtStruct.ts';
import { rtStructOf, whyNoRtStruct } from './rtStructOf.ts';

const dciodvfy = programPath('dciodvfy');
const folder = mkdtempSync(join(tmpdir(), 'maskloop-rtstruct-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SEGMENTS = [
  Segment.parse({
    labelValue: 1,
    name: 'Leber (große)',
    colorRgb: [221, 130, 101],
    codes: {
      category: { scheme: 'SCT', value: '91723000', meaning: 'Anatomical Structure' },
      type: { scheme: 'SCT', value: '10200004', meaning: 'Liver' },
      modifier: { scheme: 'SCT', value: '24028007', meaning: 'Right' },
    },
  }),
  Segment.parse({ labelValue: 700, name: 'tumour', colorRgb: [255, 0, 0] }),
  Segment.parse({ labelValue: 3, name: 'nowhere', colorRgb: [0, 0, 255] }),
];
const MODEL = { runId: 'run-1', algorithmName: 'nnU-Net 3d_fullres', weightsSha256: 'ab'.repeat(32), trainingDataSha256: 'cd'.repeat(32) };
const PROVENANCE = {
  softwareVersion: '1.2.3',
  origin: 'corrected',
  models: [MODEL],
  author: 'Grey',
  savedAtMs: Date.UTC(2026, 10, 3, 23, 30),
  accepted: { author: 'Dr Bailey', atMs: Date.UTC(2026, 10, 4) },
} as unknown as Provenance;

/** Noise with holes, islands and pixels that touch at corners; the first and last slice and the borders included. */
function noise(grid: Grid): Uint16Array {
  let state = 11;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const [ni, nj, nk] = grid.dimsIjk;
  return Uint16Array.from({ length: ni * nj * nk }, (_, at) => {
    const [i, j] = [at % ni, Math.floor(at / ni) % nj];
    const ring = Math.hypot(i - ni / 2, j - nj / 2) / (ni / 2);
    return random() < (ring > 0.4 && ring < 0.9 ? 0.95 : 0.25) ? (random() < 0.9 ? 1 : 700) : 0;
  });
}

const maskWith = (labels: Uint16Array, value: number) => Uint8Array.from(labels, (label) => Number(label === value));

function referenceOf(grid: Grid, isMultiFrame = false): DicomReference {
  return {
    version: 1,
    attributes: datasetOf({
      PatientName: 'Muster^Erika',
      PatientID: '4711',
      StudyInstanceUID: '1.2.3',
      SeriesInstanceUID: '1.2.3.4',
      FrameOfReferenceUID: '1.2.3.5',
      StudyDate: '20261101',
      StudyTime: '120000',
      StudyID: '17',
      TimezoneOffsetFromUTC: '+0200',
    }),
    images: Array.from({ length: grid.dimsIjk[2] }, (_, k) =>
      isMultiFrame
        ? { sopClassUid: '1.2.840.10008.5.1.4.1.1.2.1', sopInstanceUid: '1.2.3.4.100', frameNumber: k + 1 }
        : { sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: `1.2.3.4.${100 - k}` },
    ),
  };
}

const AXIAL = gridFromAffine([40, 30, 6], [0.9765625, 0, 0, -123.4, 0, 0.9765625, 0, -77.7, 0, 0, 2.5, -1200, 0, 0, 0, 1]);
const REVERSED = gridFromAffine([31, 28, 5], [-0.7, 0, 0, 50, 0, 0.8, 0, -20, 0, 0, -3.27, 462.95, 0, 0, 0, 1]);
const OBLIQUE = gridFromAffine(
  [29, 33, 7],
  (() => {
    const [a, b] = [0.4, -0.3];
    const i = [Math.cos(a), Math.sin(a), 0];
    const j = [-Math.sin(a) * Math.cos(b), Math.cos(a) * Math.cos(b), Math.sin(b)];
    const k = [Math.sin(a) * Math.sin(b), -Math.cos(a) * Math.sin(b), Math.cos(b)];
    return [0, 1, 2].flatMap((row) => [i[row]! * 0.31, j[row]! * 0.27, k[row]! * 0.6, 10.123 * row]).concat(0, 0, 0, 1);
  })(),
);
const MICROSCOPIC = gridFromAffine([20, 20, 3], [0.004, 0, 0, 1000, 0, 0.004, 0, -1000, 0, 0, 0.01, 1, 0, 0, 0, 1]);

const bytesOf = (grid: Grid, reference = referenceOf(grid)) =>
  writeImplicitDicom(
    rtStructOf({ grid, labels: noise(grid), segments: SEGMENTS, reference, provenance: PROVENANCE, nowMs: Date.UTC(2026, 10, 5), random: randomBytes }),
  );

describe('rtStructOf', () => {
  it.each([
    ['axial', AXIAL, false],
    ['reversed', REVERSED, false],
    ['oblique', OBLIQUE, false],
    ['microscopic', MICROSCOPIC, false],
    ['multi-frame', AXIAL, true],
  ] as const)('%s: written and read again, no voxel differs', (_name, grid, isMultiFrame) => {
    const struct = readRtStruct(bytesOf(grid, referenceOf(grid, isMultiFrame)), 'x.dcm');
    const { segments, maskOf, warnings, image } = rasterizeRtStruct(struct, grid);
    expect(warnings).toEqual([]);
    expect(segments).toEqual([
      { number: 1, name: 'Leber (große)', colorRgb: [221, 130, 101], codes: SEGMENTS[0]!.codes },
      { number: 2, name: 'tumour', colorRgb: [255, 0, 0], codes: undefined },
    ]);
    expect(image).toMatchObject({ studyUid: '1.2.3', seriesUid: '1.2.3.4', frameOfReferenceUid: '1.2.3.5' });
    expect(image.sopInstanceUids).toHaveLength(isMultiFrame ? 1 : grid.dimsIjk[2]);
    const labels = noise(grid);
    for (const [index, value] of [1, 700].entries()) expect(Buffer.compare(maskOf(index), maskWith(labels, value))).toBe(0);
  });

  it('refuses what no structure set can hold, with the reason', () => {
    expect(whyNoRtStruct(undefined, AXIAL)).toMatch(/not imported from DICOM/);
    expect(whyNoRtStruct({ ...referenceOf(AXIAL), images: [] }, AXIAL)).toMatch(/resampled/);
    expect(whyNoRtStruct(referenceOf(AXIAL), AXIAL)).toBeNull();
    expect(() =>
      rtStructOf({
        grid: AXIAL,
        labels: new Uint8Array(40 * 30 * 6),
        segments: SEGMENTS,
        reference: referenceOf(AXIAL),
        provenance: PROVENANCE,
        nowMs: 0,
        random: randomBytes,
      }),
    ).toThrow(/no segment/);
  });

  it('contours longer than 64 KB are whole', () => {
    const grid = gridFromAffine([512, 512, 1], [0.7, 0, 0, -180.35, 0, 0.7, 0, -180.35, 0, 0, 1, 0, 0, 0, 0, 1]);
    const labels = Uint8Array.from({ length: 512 * 512 }, (_, at) => Number(Math.floor(at / 512) % 2 === 0 || at % 512 === 0));
    const bytes = writeImplicitDicom(
      rtStructOf({ grid, labels, segments: SEGMENTS, reference: referenceOf(grid), provenance: PROVENANCE, nowMs: 0, random: randomBytes }),
    );
    const struct = readRtStruct(bytes, 'x.dcm');
    expect(Math.max(...struct.rois[0]!.contours.map(({ pointsLpsMm }) => pointsLpsMm.length))).toBeGreaterThan(2000);
    expect(Buffer.compare(rasterizeRtStruct(struct, grid).maskOf(0), labels)).toBe(0);
  });

  it.skipIf(!dciodvfy)(`de-identified it is filled the same, and dciodvfy finds no error${dciodvfy ? '' : ' (skipped: dciodvfy is not installed)'}`, () => {
    const whole = rtStructOf({
      grid: AXIAL,
      labels: noise(AXIAL),
      segments: SEGMENTS,
      reference: referenceOf(AXIAL),
      provenance: PROVENANCE,
      nowMs: 0,
      random: randomBytes,
    });
    const hash = (text: string) => createHmac('sha256', 'k').update(text).digest();
    const bytes = writeImplicitDicom(deidentify(whole, { hash, softwareVersion: '1.2.3' }).dataset);
    for (const word of ['Muster', 'Erika', '4711', 'Grey', 'Bailey', '20261101', '1.2.3.4']) expect(Buffer.from(bytes).includes(word), word).toBe(false);
    const { segments, maskOf } = rasterizeRtStruct(readRtStruct(bytes, 'x.dcm'), AXIAL);
    expect(segments.map(({ name }) => name)).toEqual(['Leber (große)', 'tumour']);
    expect(Buffer.compare(maskOf(1), maskWith(noise(AXIAL), 700))).toBe(0);
    const path = join(folder, 'clean.dcm');
    writeFileSync(path, bytes);
    expect(spawnSync(dciodvfy!, ['-new', path], { encoding: 'utf8' }).stderr).not.toMatch(/^Error/m);
  });

  it.skipIf(!dciodvfy)(`dciodvfy finds no error and no warning${dciodvfy ? '' : ' (skipped: dciodvfy is not installed)'}`, () => {
    const path = join(folder, 'oblique.dcm');
    writeFileSync(path, bytesOf(OBLIQUE));
    const { stderr } = spawnSync(dciodvfy!, ['-new', path], { encoding: 'utf8' });
    const findings = stderr.split('\n').filter((line) => /^(Error|Warning)/.test(line));
    // it is older than the plane description's rows and columns
    expect(findings.filter((line) => !/SourcePixelPlanesCharacteristicsSequence/.test(line))).toEqual([]);
    expect(findings.filter((line) => line.startsWith('Error'))).toEqual([]);
  });

  it.skipIf(!hasDicomPython)(`pydicom reads it, and a ray from every pixel centre in Python finds the same voxels${dicomPythonNotice}`, () => {
    const path = join(folder, 'oblique.dcm');
    writeFileSync(path, bytesOf(OBLIQUE));
    const labels = noise(OBLIQUE);
    expect(fillInPython(path, OBLIQUE).map((mask, index) => Buffer.compare(mask, maskWith(labels, [1, 700][index]!)))).toEqual([0, 0]);
    expect(askPython(FACTS, path)).toEqual({
      planes: [[29, 33, 7], true],
      names: ['Leber (große)', 'tumour'],
      algorithm: ['SEMIAUTOMATIC', 'nnU-Net 3d_fullres', '1.2.3', `run=run-1 weightsSha256=${'ab'.repeat(32)} trainingDataSha256=${'cd'.repeat(32)}`],
      codes: ['91723000', '10200004', '24028007'],
      description: 'Predicted by nnU-Net 3d_fullres (run-1). Corrected by Grey on 2026-11-03. Accepted by Dr Bailey on 2026-11-04.',
      times: ['20261104', '013000', '20261105'],
      people: ['Grey^', 'Grey^', 'Muster^Erika'],
    });
  });
});

const FACTS = `
import sys, json, numpy as np, pydicom
pydicom.config.settings.reading_validation_mode = pydicom.config.RAISE
d = pydicom.dcmread(sys.argv[1])
images = d.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0].ContourImageSequence
p = d.ROIContourSequence[0].SourcePixelPlanesCharacteristicsSequence[0]
o, normal = np.array(p.ImagePositionPatient, float), np.cross(*np.array(p.ImageOrientationPatient, float).reshape(2, 3))
plane = lambda c: round((np.array(c.ContourData[:3], float) - o) @ normal / p.SpacingBetweenSlices)
r, b = d.StructureSetROISequence[0], d.RTROIObservationsSequence[0]
g = r.ROIDerivationAlgorithmIdentificationSequence[0]
i = b.RTROIIdentificationCodeSequence[0]
print(json.dumps({
 "planes": [[p.Columns, p.Rows, p.NumberOfFrames], all(c.ContourImageSequence[0].ReferencedSOPInstanceUID == images[plane(c)].ReferencedSOPInstanceUID for x in d.ROIContourSequence for c in x.ContourSequence)],
 "names": [str(x.ROIName) for x in d.StructureSetROISequence],
 "algorithm": [r.ROIGenerationAlgorithm, g.AlgorithmName, g.AlgorithmVersion, g.AlgorithmParameters],
 "codes": [b.SegmentedPropertyCategoryCodeSequence[0].CodeValue, i.CodeValue, i.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue],
 "description": d.StructureSetDescription, "times": [d.StructureSetDate, d.StructureSetTime, d.InstanceCreationDate],
 "people": [str(d.OperatorsName), str(b.ROIInterpreter), str(d.PatientName)]}))
`;

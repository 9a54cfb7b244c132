/** From a DICOM series over a model and a correction to files of every format, read by other people's programs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallInput } from '../../main/contract/api.ts';
import { ok } from '../../main/contract/errors.ts';
import type { JobSummary } from '../../main/contract/jobs.ts';
import { suggestCodes } from '../../main/contract/suggestCodes.ts';
import { CaseId, type ExportFormat, type RunId } from '../../main/contract/vocabulary.ts';
import { ExportReport } from '../../main/export/exportReport.ts';
import { toCanonical } from '../../main/imaging/orientation.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { programPath } from '../reference/program.ts';
import { ServiceRig, tellCheckpoint } from './serviceRig.ts';

const dciodvfy = programPath('dciodvfy');
const caseId = CaseId.parse('ct01');
const { grid, image, labels } = makePhantom(77);
const PATIENT = { name: 'MUSTERFRAU^ERIKA', id: 'PAT-4711', birthDate: '19570812', accession: 'ACC998', study: 'ABDOMEN LANGENSCHEIDT' };

/** As pydicom spells what the images say. */
const CARRIED = {
  PatientName: PATIENT.name,
  PatientID: PATIENT.id,
  PatientBirthDate: PATIENT.birthDate,
  PatientSex: 'F',
  AccessionNumber: PATIENT.accession,
  StudyDescription: PATIENT.study,
  StudyInstanceUID: '1.2.826.0.1.3680043.10.999.2',
  FrameOfReferenceUID: '1.2.826.0.1.3680043.10.999.7',
};

let rig: ServiceRig;
let runId: RunId;

beforeAll(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(5, 5);
  const series = join(rig.root, 'studies', caseId);
  mkdirSync(series, { recursive: true });
  const more = () =>
    [
      ['00080050', 'SH', PATIENT.accession],
      ['00081030', 'LO', PATIENT.study],
      ['00100010', 'PN', PATIENT.name],
      ['00100030', 'DA', PATIENT.birthDate],
      ['00100040', 'CS', 'F'],
      ['00200052', 'UI', '1.2.826.0.1.3680043.10.999.7'],
    ] as const;
  writeDicomSeries(grid, image, { patientId: PATIENT.id, more }).forEach((bytes, slice) => writeFileSync(join(series, `IM${slice}`), bytes));
  await ended(await rig.call('dataset.import', { paths: [join(rig.root, 'studies')] }));

  rig.tasks.training = async (input, port) => {
    tellCheckpoint(input, port, 1);
    return ok({});
  };
  const started = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1 });
  runId = started.runId;
  await ended(started);
  await ended(await rig.call('nnunet.predict', { caseIds: [caseId] }));
  const uploadId = await rig.upload(toCanonical(labels, grid).voxels);
  await rig.call('labels.save', { caseId, uploadId, parent: 1 });
  await rig.call('labels.accept', { caseId, revision: 2 });
  const { project } = await rig.call('project.current', {});
  const [first, second] = project!.legend;
  await rig.call('project.setLegend', {
    legend: [
      { ...first!, name: 'left kidney', colorRgb: [230, 75, 60], codes: suggestCodes('left kidney')! },
      { ...second!, name: 'spleen', colorRgb: [64, 160, 240] },
    ],
  });
});
afterAll(() => rig.dispose());

async function ended({ jobId }: { jobId: string }): Promise<JobSummary> {
  const job = await rig.jobEnd(jobId);
  expect(job, JSON.stringify(job)).toMatchObject({ state: 'succeeded' });
  return job;
}

async function exportAs(format: ExportFormat, changes: Partial<CallInput<'export.start'>> = {}) {
  const { outputFolder = join(rig.root, `out-${format}${changes.deidentify ? '-deidentified' : ''}`), ...rest } = changes;
  const job = await ended(await rig.call('export.start', { format, outputFolder, caseIds: [caseId], ...rest }));
  const files = readdirSync(outputFolder).filter((name) => name !== 'export-report.json');
  const report = ExportReport.parse(JSON.parse(readFileSync(join(outputFolder, 'export-report.json'), 'utf8')));
  return { job, outputFolder, files, file: join(outputFolder, files[0]!), report };
}

/** The mask that was accepted, as SimpleITK's image in the world; the phantom's formula is the truth. */
function truthFile(): string {
  const path = join(rig.root, 'truth.raw');
  writeFileSync(path, labels);
  writeFileSync(`${path}.json`, JSON.stringify(grid));
  return path;
}

const sameMask = (path: string) => askPython<{ isSame: boolean; keys: Record<string, string> }>(COMPARE, truthFile(), path);

describe('exported masks', () => {
  it('come with a report that says by whom, by which model and from which data they are', async () => {
    const { files, report } = await exportAs('nifti');
    expect(files).toEqual(['ct01.nii.gz']);
    const record = JSON.parse(readFileSync(join(rig.projectFolder, 'runs', runId, 'run.json'), 'utf8')) as { trainingDataSha256: string };
    const [entry] = report.files;
    expect(entry).toMatchObject({
      name: 'ct01.nii.gz',
      caseId,
      revision: 2,
      deidentification: null,
      provenance: {
        origin: 'corrected',
        author: 'reader',
        accepted: { author: 'reader' },
        models: [{ runId, algorithmName: 'nnU-Net 3d_fullres', trainingDataSha256: record.trainingDataSha256 }],
      },
      warnings: [],
    });
    // sha256 of the file that tellCheckpoint wrote, "1"
    expect(entry!.provenance.models[0]!.weightsSha256).toBe('6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b');
    expect(entry!.segments.map(({ name }) => name)).toEqual(['left kidney', 'spleen']);
  });

  it('of one segment hold no other', async () => {
    const { report, file } = await exportAs('nifti', { labelValues: [2] });
    expect(report.files[0]!.segments.map(({ labelValue }) => labelValue)).toEqual([2]);
    expect(readFileSync(file).length).toBeGreaterThan(0);
    expect(await rig.errorOf('export.start', { format: 'nifti', outputFolder: rig.root, labelValues: [9] })).toMatchObject({ code: 'contract/bad-input' });
  });

  it('are one closed surface for each segment as STL and OBJ', async () => {
    expect((await exportAs('stl')).files).toEqual(['ct01_left_kidney.stl', 'ct01_spleen.stl']);
    const { files, report } = await exportAs('obj');
    expect(files).toEqual(['ct01_left_kidney.obj', 'ct01_spleen.obj']);
    expect(report.files.map(({ segments }) => segments.map(({ name }) => name))).toEqual([['left kidney'], ['spleen']]);
  });

  it('of a prediction that was restored are still that prediction of that time', async () => {
    await rig.call('labels.restore', { caseId, revision: 1 });
    const { report, job } = await exportAs('nifti', { includeUnaccepted: true, outputFolder: join(rig.root, 'restored') });
    expect(job.problems).toEqual([]);
    expect(report.files[0]).toMatchObject({
      revision: 3,
      provenance: { origin: 'model', author: 'reader', accepted: null, models: [{ runId, weightsSha256: expect.stringMatching(/^6b86/) }] },
    });
  });

  it('say when the weights behind them are gone', async () => {
    const weights = join(rig.projectFolder, 'runs', runId, 'checkpoint_latest.bin');
    renameSync(weights, `${weights}.away`);
    const { job, report } = await exportAs('mha');
    renameSync(`${weights}.away`, weights);
    expect(job.problems).toEqual([{ code: 'export/model-changed', caseId, runId }]);
    expect(report.files[0]!.provenance.models[0]!.weightsSha256).toBeNull();
  });
});

describe.skipIf(!hasDicomPython)(`exported masks in other programs${dicomPythonNotice}`, () => {
  it('SimpleITK reads NIfTI, NRRD and MHA voxel for voxel, with segments and provenance', async () => {
    for (const format of ['nifti', 'nrrd', 'mha'] as const) {
      const { file } = await exportAs(format);
      const { isSame, keys } = sameMask(file);
      expect(isSame, format).toBe(true);
      if (format === 'nifti') continue;
      expect(keys).toMatchObject({ Maskloop_Origin: 'corrected', Maskloop_Author: 'reader', Maskloop_AcceptedBy: 'reader', Maskloop_Model0_Run: runId });
      const named =
        format === 'nrrd'
          ? { Segment0_Name: 'left kidney', Segment1_Name: 'spleen' }
          : { Maskloop_Segment1_Name: 'left kidney', Maskloop_Segment1_type: 'SCT 64033007 Kidney' };
      expect(keys).toMatchObject(named);
      if (format === 'nrrd') expect(keys.Segment0_Tags).toContain('SCT^64033007^Kidney~SCT^7771000^Left');
    }
  });

  it.each(['dicom-seg', 'dicom-seg-labelmap'] as const)(
    'highdicom reads %s voxel for voxel, with patient, study, codes, images and provenance',
    async (format) => {
      const { job, file, files } = await exportAs(format);
      expect(files).toEqual([format === 'dicom-seg' ? 'ct01.seg.dcm' : 'ct01.labelmap.dcm']);
      expect(job.problems).toEqual([{ code: 'export/uncoded-segments', names: ['spleen'], suggestions: ['spleen: Spleen (SCT 78961009)'] }]);
      const { isSame, elements, images } = askPython<{ isSame: boolean; elements: Record<string, string>; images: number }>(READ_SEG, truthFile(), file);
      expect(isSame).toBe(true);
      expect(elements).toMatchObject({
        ...CARRIED,
        Modality: 'SEG',
        names: 'left kidney|spleen',
        codes: '64033007 Kidney Left|85756007 Tissue ',
        algorithm: 'SEMIAUTOMATIC nnU-Net 3d_fullres',
        ContentCreatorName: 'reader^',
      });
      expect(elements.parameters).toMatch(new RegExp(`run=${runId} weightsSha256=6b86b2.* trainingDataSha256=[0-9a-f]{64}`));
      expect(elements.history).toMatch(/Accepted by reader on/);
      expect(images).toBe(grid.dimsIjk[2]);
    },
  );

  it('a segmentation of images that were no DICOM begins a study of its own, and says so; contours are refused', async () => {
    const phantom = CaseId.parse('phantom_001');
    const { job, file } = await exportAs('dicom-seg', { caseIds: [phantom], outputFolder: join(rig.root, 'no-dicom') });
    expect(job.problems).toMatchObject([{ code: 'export/uncoded-segments' }, { code: 'export/no-dicom-source', caseId: phantom }]);
    expect(askPython<string>('import sys, json, pydicom\nprint(json.dumps(str(pydicom.dcmread(sys.argv[1]).PatientID)))', file)).toBe('phantom_001');
    const refused = await rig.jobEnd(
      (await rig.call('export.start', { format: 'rtstruct', outputFolder: join(rig.root, 'refused'), caseIds: [phantom] })).jobId,
    );
    expect(refused).toMatchObject({ state: 'failed', error: { code: 'export/unsupported', caseId: phantom } });
  });

  it('pydicom finds patient, study, codes and provenance in an RT Structure Set that belongs to its images', async () => {
    const { file, files } = await exportAs('rtstruct');
    expect(files).toEqual(['ct01.rtstruct.dcm']);
    const { elements, images } = askPython<{ elements: Record<string, string>; images: number }>(READ_RTSTRUCT, file);
    expect(elements).toMatchObject({
      ...CARRIED,
      Modality: 'RTSTRUCT',
      names: 'left kidney|spleen',
      generation: 'SEMIAUTOMATIC',
      code: '64033007 Kidney Left',
      color: '230 75 60',
    });
    expect(elements.parameters).toMatch(new RegExp(`run=${runId} weightsSha256=6b86b2.* trainingDataSha256=[0-9a-f]{64}`));
    expect(elements.description).toMatch(/Corrected by reader on .*Accepted by reader on/);
    expect(images).toBe(grid.dimsIjk[2]);
  });
});

describe('de-identified masks', () => {
  it.each(['dicom-seg', 'dicom-seg-labelmap', 'rtstruct'] as const)('%s holds no word of the patient or the people, and its report neither', async (format) => {
    const words = [...PATIENT.name.split('^'), PATIENT.id, PATIENT.birthDate, PATIENT.accession, 'LANGENSCHEIDT', 'reader', '1.2.826.0.1.3680043.10.999'];
    const { outputFolder, files, report } = await exportAs(format, { deidentify: true });
    for (const name of [...files, 'export-report.json']) {
      const bytes = readFileSync(join(outputFolder, name)).toString('latin1');
      for (const word of words) expect(bytes.includes(word), `${name}: ${word}`).toBe(false);
    }
    expect(report.files[0]!.deidentification?.attributes).toContainEqual({ tag: '00100010', keyword: 'PatientName', deed: 'replaced', count: 1 });
  });

  it('stay together over exports: one pseudonym', async () => {
    const pseudonymIn = ({ file }: { file: string }) => /patient-[0-9a-f]{10}/.exec(readFileSync(file).toString('latin1'))?.[0];
    const first = pseudonymIn(await exportAs('rtstruct', { deidentify: true }));
    expect(first).toBeDefined();
    const again = await exportAs('dicom-seg', { deidentify: true });
    expect(pseudonymIn(again)).toBe(first);
    expect(again.files).toEqual(['ct01.seg.dcm']);
  });
});

describe.skipIf(!dciodvfy)(`dciodvfy finds no error in exported DICOM${dciodvfy ? '' : ' (skipped: dciodvfy is not here)'}`, () => {
  // Debian's does not know the label map IOD
  it.each([
    ['dicom-seg', false],
    ['dicom-seg', true],
    ['rtstruct', false],
    ['rtstruct', true],
  ] as const)('%s, de-identified: %s', async (format, deidentify) => {
    const { file } = await exportAs(format, { deidentify });
    const { stderr, stdout } = spawnSync(dciodvfy!, [file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
  });
});

const COMPARE = `
import json, sys
import numpy, SimpleITK as sitk
truth_path, path = sys.argv[1:]
grid = json.load(open(truth_path + '.json'))
array = numpy.fromfile(truth_path, dtype=numpy.uint8).reshape(grid['dimsIjk'][::-1])
truth = sitk.GetImageFromArray(array)
truth.SetSpacing(grid['spacingMm'])
truth.SetOrigin(grid['originLpsMm'])
truth.SetDirection(numpy.array(grid['direction']).reshape(3, 3).T.flatten().tolist())
image = sitk.ReadImage(path)
a, b = sitk.DICOMOrient(truth, 'LPS'), sitk.DICOMOrient(image, 'LPS')
near = lambda x, y: numpy.allclose(x, y, atol=1e-3)
same = (a.GetSize() == b.GetSize() and near(a.GetOrigin(), b.GetOrigin()) and near(a.GetSpacing(), b.GetSpacing())
        and near(a.GetDirection(), b.GetDirection()) and bool((sitk.GetArrayFromImage(a) == sitk.GetArrayFromImage(b)).all()))
print(json.dumps({'isSame': same, 'keys': {k: image.GetMetaData(k) for k in image.GetMetaDataKeys()}}))
`;

const READ_SEG = `
import json, sys
import numpy as np, highdicom as hd
truth_path, path = sys.argv[1:]
grid = json.load(open(truth_path + '.json'))
truth = np.fromfile(truth_path, dtype=np.uint8).reshape(grid['dimsIjk'][::-1])
seg = hd.seg.segread(path)
volume = seg.get_volume(combine_segments=True)
k, j, i = np.indices(truth.shape).reshape(3, -1)
axes = np.array(grid['direction']).reshape(3, 3) * np.array(grid['spacingMm'])[:, None]
points = np.array(grid['originLpsMm']) + np.stack([i, j, k], 1) @ axes
index = (np.linalg.inv(volume.affine) @ np.c_[points, np.ones(len(points))].T)[:3].T
near = np.rint(index).astype(int)
inside = ((near >= 0) & (near < np.array(volume.array.shape[:3]))).all(1)
found = np.zeros(len(points), np.uint8)
found[inside] = volume.array[tuple(near[inside].T)]
same = bool((found == truth.reshape(-1)).all() and np.abs(index - near)[inside].max() < 0.01 and np.count_nonzero(volume.array) == np.count_nonzero(truth))
segments = [one for one in seg.SegmentSequence if one.SegmentNumber > 0]
def code(one):
    item = one.SegmentedPropertyTypeCodeSequence[0]
    side = item.get('SegmentedPropertyTypeModifierCodeSequence')
    return f"{item.CodeValue} {item.CodeMeaning} {side[0].CodeMeaning if side else ''}"
keywords = 'PatientName PatientID PatientBirthDate PatientSex AccessionNumber StudyDescription StudyInstanceUID FrameOfReferenceUID Modality ContentCreatorName'.split()
elements = {k: str(seg.get(k)) for k in keywords} | {
  'names': '|'.join(one.SegmentLabel for one in segments),
  'codes': '|'.join(code(one) for one in segments),
  'algorithm': segments[0].SegmentAlgorithmType + ' ' + segments[0].SegmentAlgorithmName,
  'parameters': segments[0].SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters,
  'history': ' '.join(str(one.get('ContributionDescription')) for one in seg.ContributingEquipmentSequence),
}
print(json.dumps({'isSame': same, 'elements': elements, 'images': len(seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence)}))
`;

const READ_RTSTRUCT = `
import json, sys, pydicom
ds = pydicom.dcmread(sys.argv[1])
observation = ds.RTROIObservationsSequence[0]
code = observation.RTROIIdentificationCodeSequence[0]
roi = ds.StructureSetROISequence[0]
keywords = 'PatientName PatientID PatientBirthDate PatientSex AccessionNumber StudyDescription StudyInstanceUID FrameOfReferenceUID Modality'.split()
elements = {k: str(ds.get(k, ds.ReferencedFrameOfReferenceSequence[0].get(k, ''))) for k in keywords}
elements |= {
  'names': '|'.join(str(one.ROIName) for one in ds.StructureSetROISequence),
  'generation': roi.ROIGenerationAlgorithm,
  'code': ' '.join([code.CodeValue, code.CodeMeaning, code.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning]),
  'color': ' '.join(str(int(c)) for c in ds.ROIContourSequence[0].ROIDisplayColor),
  'parameters': roi.ROIDerivationAlgorithmIdentificationSequence[0].AlgorithmParameters,
  'description': ds.StructureSetDescription,
}
series = ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
print(json.dumps({'elements': elements, 'images': len(series.ContourImageSequence)}))
`;

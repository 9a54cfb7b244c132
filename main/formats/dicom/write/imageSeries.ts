/** A volume to a classic series of CT or MR images (PS3.3 A.3, A.4), one file for each k: for phantoms, which have no scanner. */
import type { Grid } from '../../../contract/vocabulary.ts';
import { axisDirection, ijkToLps } from '../../../imaging/grid.ts';
import type { DicomReference } from '../dicomReference.ts';
import { datasetOf, type Attributes } from './datasetOf.ts';
import { newDicomUid, type RandomBytes } from './dicomUid.ts';
import { writeDicom } from './writeDicom.ts';

export interface ImageSeriesSource {
  /** k along the cross product of i and j, as slices are sorted. */
  readonly grid: Grid;
  /** Hounsfield units of a CT, stored values of an MR; i fastest. */
  readonly voxels: Int16Array;
  readonly modality: 'CT' | 'MR';
  readonly patientName: string;
  readonly patientId: string;
  readonly seriesDescription: string;
  readonly bodyPart: string;
  /** YYYYMMDD and HHMMSS. */
  readonly date: string;
  readonly time: string;
  readonly random: RandomBytes;
}

const SOP_CLASS = { CT: '1.2.840.10008.5.1.4.1.1.2', MR: '1.2.840.10008.5.1.4.1.1.4' } as const;
/** Type 1 and 2 attributes of the image modules that a formula has no value for are there and empty, or say what is true. */
const OF_MODALITY: Readonly<Record<'CT' | 'MR', Attributes>> = {
  CT: { KVP: '', AcquisitionNumber: '', RescaleType: 'HU' },
  MR: {
    ScanningSequence: 'RM',
    SequenceVariant: 'NONE',
    ScanOptions: '',
    MRAcquisitionType: '3D',
    RepetitionTime: '',
    EchoTime: '',
    EchoTrainLength: '',
    InversionTime: '',
  },
};

/** The files, k ascending, and what an object derived from them (SEG) must say about them. */
export function writeImageSeries(source: ImageSeriesSource): { readonly files: Uint8Array[]; readonly reference: DicomReference } {
  const { grid, voxels, modality, random } = source;
  const [ni, nj, nk] = grid.dimsIjk;
  const shared = sharedAttributes(source);
  const uids = Array.from({ length: nk }, () => newDicomUid(random));
  const files = uids.map((uid, k) => {
    const pixels = voxels.slice(k * ni * nj, (k + 1) * ni * nj);
    const own = { SOPInstanceUID: uid, InstanceNumber: k + 1, ImagePositionPatient: [...ijkToLps(grid, [0, 0, k])] };
    return writeDicom(datasetOf({ ...shared, ...own }), { vr: 'OW', bytes: littleEndian(pixels) });
  });
  const images = uids.map((sopInstanceUid) => ({ sopClassUid: SOP_CLASS[modality], sopInstanceUid }));
  return { files, reference: { version: 1, attributes: datasetOf(shared), images } };
}

function sharedAttributes({ grid, modality, patientName, patientId, seriesDescription, bodyPart, date, time, random }: ImageSeriesSource): Attributes {
  const [ni, nj] = grid.dimsIjk;
  return {
    SOPClassUID: SOP_CLASS[modality],
    ImageType: ['DERIVED', 'PRIMARY', 'AXIAL'],
    StudyDate: date,
    SeriesDate: date,
    ContentDate: date,
    StudyTime: time,
    SeriesTime: time,
    ContentTime: time,
    AccessionNumber: '',
    Modality: modality,
    Manufacturer: 'Maskloop',
    ManufacturerModelName: 'Phantom by formula',
    ReferringPhysicianName: '',
    StudyDescription: seriesDescription,
    SeriesDescription: seriesDescription,
    PatientName: patientName,
    PatientID: patientId,
    PatientBirthDate: '',
    PatientSex: 'O',
    BodyPartExamined: bodyPart,
    SliceThickness: grid.spacingMm[2],
    PatientPosition: 'HFS',
    StudyInstanceUID: newDicomUid(random),
    SeriesInstanceUID: newDicomUid(random),
    StudyID: '1',
    SeriesNumber: 1,
    ImageOrientationPatient: [...axisDirection(grid, 0), ...axisDirection(grid, 1)],
    FrameOfReferenceUID: newDicomUid(random),
    PositionReferenceIndicator: '',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: nj,
    Columns: ni,
    PixelSpacing: [grid.spacingMm[1], grid.spacingMm[0]],
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    ...(modality === 'CT' && { RescaleIntercept: 0, RescaleSlope: 1 }),
    ...OF_MODALITY[modality],
  };
}

function littleEndian(values: Int16Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  values.forEach((value, n) => view.setInt16(2 * n, value, true));
  return bytes;
}

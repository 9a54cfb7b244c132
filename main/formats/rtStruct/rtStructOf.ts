/** A label map to an RT Structure Set (PS3.3 section A.19): contours in the planes of the images it was made on. */
import type { Provenance } from '../../contract/provenance.ts';
import type { Grid, Segment } from '../../contract/vocabulary.ts';
import { ijkToLps } from '../../imaging/grid.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { codeItem } from '../dicom/codeSequence.ts';
import { datasetOf, type Attributes } from '../dicom/write/datasetOf.ts';
import { dicomDateTime, type DicomDateTime } from '../dicom/write/dicomDateTime.ts';
import type { DicomJson, DicomReference } from '../dicom/dicomReference.ts';
import { newDicomUid, type RandomBytes } from '../dicom/write/dicomUid.ts';
import { patientAndStudy } from '../dicom/write/patientAndStudy.ts';
import { algorithmItem, personWhoDrew, plainText, provenanceText } from '../dicom/write/provenanceAttributes.ts';
import { RT_STRUCTURE_SET } from './readRtStruct.ts';
import { traceContours } from './traceContours.ts';

/** SOP class of the study that structure sets have always referred to, retired since (PS3.3 section C.8.8.5.4). */
const DETACHED_STUDY = '1.2.840.10008.3.1.2.3.1';
const [STUDY_UID, SERIES_UID] = ['0020000D', '0020000E'];
const LONGEST_SH = 16;
const GENERATION = { manual: 'MANUAL', model: 'AUTOMATIC', corrected: 'SEMIAUTOMATIC' } as const;

export interface RtStructSource {
  readonly grid: Grid;
  /** i fastest. */
  readonly labels: LabelArray;
  /** Written in this order; those without a voxel are left out. */
  readonly segments: readonly Segment[];
  /** One for which `whyNoRtStruct` has no objection. */
  readonly reference: DicomReference;
  readonly provenance: Provenance;
  /** Which of the masks of its case it is; `null` or absent: the only one. */
  readonly maskName?: string | null;
  readonly nowMs: number;
  readonly random: RandomBytes;
}

/** Why a case cannot become a structure set, or `null`: it is drawn on images, and of no use without them. */
export function whyNoRtStruct(reference: DicomReference | undefined, grid: Grid): string | null {
  if (!reference) return 'it was not imported from DICOM, and a structure set needs the images it is drawn on';
  if (!uidAt(reference.attributes, STUDY_UID) || !uidAt(reference.attributes, SERIES_UID))
    return 'its DICOM images do not say to which study and series they belong';
  if (reference.images.length !== grid.dimsIjk[2])
    return 'it was resampled on import, so that no slice lies on one of its DICOM images; a DICOM SEG can hold it';
  return null;
}

/**
 * The data set, for `writeImplicitDicom`. Filled again by pixel centre the contours give the very same voxels. Throws
 * when `whyNoRtStruct` objects or no segment has a voxel.
 */
export function rtStructOf(source: RtStructSource): DicomJson {
  const { grid, segments, reference, provenance, maskName, nowMs, random } = source;
  const objection = whyNoRtStruct(reference, grid);
  if (objection) throw new Error(objection);
  const patient = patientAndStudy(reference, '', random);
  const frameOfReferenceUid = uidAt(patient, '00200052');
  const [now, saved] = [dicomDateTime(nowMs, patient), dicomDateTime(provenance.savedAtMs, patient)];
  const contours = contoursOf(source);
  const drawn = segments.filter(({ labelValue }) => contours.has(labelValue)).map((segment, index) => ({ segment, number: index + 1 }));
  if (drawn.length === 0) throw new Error('no segment has a voxel to draw');
  const generation = {
    ROIGenerationAlgorithm: GENERATION[provenance.origin],
    ROIGenerationDescription: plainText(provenance.models.map((model) => model.algorithmName).join(' + ')) || undefined,
    ROIDerivationAlgorithmIdentificationSequence: algorithmItem(provenance),
  };
  const author = personWhoDrew(provenance);
  return {
    ...patient,
    ...datasetOf({
      SOPClassUID: RT_STRUCTURE_SET,
      SOPInstanceUID: newDicomUid(random),
      InstanceCreationDate: now.date,
      InstanceCreationTime: now.time,
      ...seriesAndEquipment(source, now),
      OperatorsName: author,
      InstanceNumber: 1,
      StructureSetLabel: plainText(maskName ?? 'Maskloop').slice(0, LONGEST_SH),
      StructureSetName: plainText(maskName ?? 'Maskloop contours'),
      StructureSetDescription: provenanceText(provenance),
      StructureSetDate: saved.date,
      StructureSetTime: saved.time,
      // approval of a structure set is for treatment; that somebody accepted the mask stands in the description
      ApprovalStatus: 'UNAPPROVED',
      ReferencedFrameOfReferenceSequence: referencedImages(reference, frameOfReferenceUid),
      StructureSetROISequence: drawn.map(({ segment, number }) => ({
        ROINumber: number,
        ReferencedFrameOfReferenceUID: frameOfReferenceUid,
        ROIName: plainText(segment.name),
        ...generation,
      })),
      ROIContourSequence: drawn.map(({ segment, number }) => ({
        ROIDisplayColor: segment.colorRgb.map(String),
        ReferencedROINumber: number,
        SourcePixelPlanesCharacteristicsSequence: pixelPlanes(grid),
        ContourSequence: contours.get(segment.labelValue)!,
      })),
      RTROIObservationsSequence: drawn.map(({ segment, number }) => ({
        ObservationNumber: number,
        ReferencedROINumber: number,
        ...codeItems(segment),
        RTROIInterpretedType: '',
        ROIInterpreter: author,
      })),
    }),
  };
}

function seriesAndEquipment({ provenance, random }: RtStructSource, now: DicomDateTime): Attributes {
  return {
    Modality: 'RTSTRUCT',
    SeriesInstanceUID: newDicomUid(random),
    SeriesNumber: 481,
    SeriesDescription: 'Maskloop contours',
    SeriesDate: now.date,
    SeriesTime: now.time,
    Manufacturer: 'Maskloop',
    ManufacturerModelName: 'Maskloop',
    SoftwareVersions: plainText(provenance.softwareVersion),
  };
}

/** Items of the Contour Sequence by label value, slice by slice. */
function contoursOf({ grid, labels, segments, reference }: RtStructSource): Map<number, Attributes[]> {
  const [width, height, depth] = grid.dimsIjk;
  const digits = digitsFor(grid);
  const contours = new Map<number, Attributes[]>();
  const isWanted = new Set(segments.map(({ labelValue }) => labelValue));
  for (let k = 0; k < depth; k++) {
    const image = imageItem(reference.images[k]!);
    for (const [value, rings] of traceContours({ labels, offset: k * width * height, width, height })) {
      if (!isWanted.has(value)) continue;
      const items = contours.get(value) ?? [];
      contours.set(value, items);
      for (const ring of rings) {
        items.push({
          ContourImageSequence: image,
          ContourGeometricType: 'CLOSED_PLANAR',
          NumberOfContourPoints: ring.length / 2,
          ContourNumber: items.length + 1,
          ContourData: pointsOf(ring, k, grid, digits),
        });
      }
    }
  }
  return contours;
}

function pointsOf(ring: Float64Array, k: number, grid: Grid, digits: number): string[] {
  const data: string[] = [];
  for (let at = 0; at < ring.length; at += 2) {
    for (const mm of ijkToLps(grid, [ring[at]!, ring[at + 1]!, k])) data.push(decimal(mm, digits));
  }
  return data;
}

/** Decimals that keep a point within a thousandth of a pixel. */
const digitsFor = ({ spacingMm }: Grid): number => Math.min(10, Math.max(3, Math.ceil(3 - Math.log10(Math.min(...spacingMm)))));

/** A decimal string has at most 16 characters (PS3.5 section 6.2); -0 and zeros at the end are saved. */
function decimal(mm: number, digits: number): string {
  const rounded = Number(mm.toFixed(digits));
  const text = String(rounded === 0 ? 0 : rounded);
  return text.length <= 16 && !text.includes('e') ? text : mm.toFixed(digits).slice(0, 16);
}

function referencedImages({ attributes, images }: DicomReference, frameOfReferenceUid: string): Attributes {
  // one item for each image, also where several slices are frames of one
  const byUid = new Map(images.map((image) => [image.sopInstanceUid, image]));
  return {
    FrameOfReferenceUID: frameOfReferenceUid,
    RTReferencedStudySequence: {
      ReferencedSOPClassUID: DETACHED_STUDY,
      ReferencedSOPInstanceUID: uidAt(attributes, STUDY_UID),
      RTReferencedSeriesSequence: {
        SeriesInstanceUID: uidAt(attributes, SERIES_UID),
        ContourImageSequence: [...byUid.values()].map(({ sopClassUid, sopInstanceUid }) => ({
          ReferencedSOPClassUID: sopClassUid,
          ReferencedSOPInstanceUID: sopInstanceUid,
        })),
      },
    },
  };
}

const imageItem = ({ sopClassUid, sopInstanceUid, frameNumber }: DicomReference['images'][number]): Attributes => ({
  ReferencedSOPClassUID: sopClassUid,
  ReferencedSOPInstanceUID: sopInstanceUid,
  ReferencedFrameNumber: frameNumber,
});

/** The grid that the contours were derived from (PS3.3 section C.8.8.6): what a reader needs to fill them exactly. */
function pixelPlanes({ dimsIjk, spacingMm, direction, originLpsMm }: Grid): Attributes {
  return {
    PixelSpacing: [spacingMm[1], spacingMm[0]],
    SpacingBetweenSlices: spacingMm[2],
    ImageOrientationPatient: [...direction.slice(0, 6)],
    ImagePositionPatient: [...originLpsMm],
    NumberOfFrames: dimsIjk[2],
    Rows: dimsIjk[1],
    Columns: dimsIjk[0],
  };
}

/** What a region is (PS3.3 section C.8.8.8): category, and type with its modifier. */
function codeItems({ codes }: Segment): Attributes {
  if (!codes) return {};
  return {
    SegmentedPropertyCategoryCodeSequence: codeItem(codes.category),
    RTROIIdentificationCodeSequence: { ...codeItem(codes.type), SegmentedPropertyTypeModifierCodeSequence: codes.modifier && codeItem(codes.modifier) },
  };
}

const uidAt = (attributes: DicomJson, tag: string): string => String(attributes[tag]?.Value?.[0] ?? '');

/**
 * A label map to a DICOM segmentation object: BINARY (PS3.3 A.51), which everything reads, or LABELMAP (A.93), which is
 * younger. Explicit VR little endian, uncompressed: one-bit pixels have no compression that others read.
 */
import type { Provenance } from '../../contract/provenance.ts';
import type { Grid, Segment } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { voxelCountOf } from '../../imaging/grid.ts';
import { labelValuesIn } from '../../imaging/labelVoxels.ts';
import { datasetOf, type Attributes } from '../dicom/write/datasetOf.ts';
import { dicomDateTime, type DicomDateTime } from '../dicom/write/dicomDateTime.ts';
import type { DicomJson, DicomReference } from '../dicom/dicomReference.ts';
import { newDicomUid, type RandomBytes } from '../dicom/write/dicomUid.ts';
import { patientAndStudy, picked } from '../dicom/write/patientAndStudy.ts';
import { personWhoDrew, plainText } from '../dicom/write/provenanceAttributes.ts';
import { writeDicom, type WrittenPixels } from '../dicom/write/writeDicom.ts';
import { contributingEquipment } from './contributingEquipment.ts';
import { binaryFrames, labelmapFrames, type EncodedFrames } from './labelFrames.ts';
import { dimensions, frameGroups, imageItem, sharedGroups } from './segFrameItems.ts';
import { backgroundItem, segmentItem } from './segmentItems.ts';
import { LABEL_MAP_SEGMENTATION_STORAGE, SEGMENTATION_STORAGE } from './segFacts.ts';

export interface DicomSegSource {
  readonly type: 'BINARY' | 'LABELMAP';
  /** Of the source images, k ascending. */
  readonly grid: Grid;
  readonly labels: LabelArray;
  /** In BINARY objects they are numbered from 1 in this order, in LABELMAP objects by their label values. */
  readonly segments: readonly Segment[];
  /** Absent for images that were no DICOM: patient and study are then made up, named after `subject`. */
  readonly reference?: DicomReference;
  readonly subject: string;
  readonly provenance: Provenance;
  readonly seriesDescription?: string;
  readonly seriesNumber?: number;
  /** A code string: capitals, digits, blanks and underscores. */
  readonly contentLabel?: string;
  readonly nowMs: number;
  readonly random: RandomBytes;
}

const LONGEST_CS = 16;
const LONGEST_LO = 64;

/** The file. Throws as `dicomSegOf`. */
export function writeDicomSeg(source: DicomSegSource): Uint8Array<ArrayBuffer> {
  const { dataset, pixels } = dicomSegOf(source);
  return writeDicom(dataset, pixels);
}

/** What `writeDicom` takes. Throws for labels that no segment names, and for a legend without segments. */
export function dicomSegOf(source: DicomSegSource): { readonly dataset: DicomJson; readonly pixels: WrittenPixels } {
  const { type, grid, labels, segments, reference, provenance, random } = source;
  const labelValues = segments.map(({ labelValue }) => labelValue);
  if (labels.length !== voxelCountOf(grid)) throw new Error(`${labels.length} labels do not fill ${grid.dimsIjk.join(' × ')}`);
  if (segments.length === 0) throw new Error('a segmentation object needs a segment');
  const unnamed = labelValuesIn(labels).filter((value) => !labelValues.includes(value));
  if (unnamed.length > 0) throw new Error(`label ${unnamed.join(', ')} has no segment`);
  const isBinary = type === 'BINARY';
  const pixels = grid.dimsIjk[0] * grid.dimsIjk[1];
  const encoded = isBinary ? binaryFrames(labels, pixels, labelValues) : labelmapFrames(labels, pixels, labelValues);
  const numbers = new Map(segments.map(({ labelValue }, index) => [labelValue, isBinary ? index + 1 : labelValue]));
  const images = reference?.images.length === grid.dimsIjk[2] ? reference.images : [];
  const patient = patientAndStudy(reference, source.subject, random);
  const now = dicomDateTime(source.nowMs, patient);
  const described = segments.map((segment) => segmentItem(segment, numbers.get(segment.labelValue)!, provenance));
  return {
    dataset: {
      ...patient,
      ...datasetOf({
        SOPClassUID: isBinary ? SEGMENTATION_STORAGE : LABEL_MAP_SEGMENTATION_STORAGE,
        SOPInstanceUID: newDicomUid(random),
        InstanceCreationDate: now.date,
        InstanceCreationTime: now.time,
        ...seriesAndEquipment(source, now),
        ...content(source, now),
        ...(reference ? {} : { StudyDate: now.date, StudyTime: now.time, StudyID: '1' }),
        LossyImageCompression: '00',
        ContributingEquipmentSequence: contributingEquipment(provenance, reference, patient),
        ReferencedSeriesSequence: images.length > 0 ? referencedSeries(reference!) : undefined,
        ...pixelAttributes(grid, encoded),
        PixelPaddingValue: isBinary ? undefined : 0,
        SegmentationType: type,
        SegmentsOverlap: 'NO',
        SegmentSequence: isBinary ? described : [backgroundItem(provenance), ...described],
        ...dimensions(newDicomUid(random), isBinary),
        SharedFunctionalGroupsSequence: sharedGroups(grid),
        PerFrameFunctionalGroupsSequence: frameGroups(encoded.frames, grid, images, isBinary ? (value) => numbers.get(value)! : undefined),
      }),
      ...(reference ? carriedSeries(reference) : {}),
    },
    pixels: { vr: encoded.allocatedBits === 16 ? 'OW' : 'OB', bytes: encoded.bytes },
  };
}

/** Body part and loss by compression are facts of the images that hold for what was drawn on them. */
function carriedSeries({ attributes }: DicomReference) {
  const carried = picked(attributes, ['BodyPartExamined', 'Laterality', 'LossyImageCompression', 'LossyImageCompressionRatio', 'LossyImageCompressionMethod']);
  return Object.fromEntries(Object.entries(carried).filter(([, { Value }]) => (Value?.length ?? 0) > 0));
}

function seriesAndEquipment(
  { seriesNumber = 300, seriesDescription = 'Maskloop segmentation', provenance, random }: DicomSegSource,
  now: DicomDateTime,
): Attributes {
  return {
    Modality: 'SEG',
    SeriesInstanceUID: newDicomUid(random),
    SeriesNumber: seriesNumber,
    SeriesDescription: plainText(seriesDescription).slice(0, LONGEST_LO),
    SeriesDate: now.date,
    SeriesTime: now.time,
    Manufacturer: 'Maskloop',
    ManufacturerModelName: 'Maskloop',
    DeviceSerialNumber: '0',
    SoftwareVersions: plainText(provenance.softwareVersion),
  };
}

function content({ reference, contentLabel = 'SEGMENTATION', provenance }: DicomSegSource, now: DicomDateTime): Attributes {
  return {
    InstanceNumber: 1,
    ImageType: ['DERIVED', 'PRIMARY'],
    ContentDate: now.date,
    ContentTime: now.time,
    ContentLabel: contentLabel
      .toUpperCase()
      .replace(/[^A-Z0-9_ ]/g, '_')
      .slice(0, LONGEST_CS),
    ContentDescription: reference ? 'Segments of the images of the referenced series' : 'Segments of images that were not DICOM; study made for them',
    ContentCreatorName: personWhoDrew(provenance),
  };
}

function pixelAttributes({ dimsIjk: [columns, rows] }: Grid, { frames, allocatedBits }: EncodedFrames): Attributes {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames.length,
    Rows: rows,
    Columns: columns,
    BitsAllocated: allocatedBits,
    BitsStored: allocatedBits,
    HighBit: allocatedBits - 1,
    PixelRepresentation: 0,
  };
}

function referencedSeries({ attributes, images }: DicomReference): Attributes {
  // one item for each image, also where several slices are frames of one
  const byUid = new Map(images.map((image) => [image.sopInstanceUid, image]));
  return { SeriesInstanceUID: String(attributes['0020000E']?.Value?.[0] ?? ''), ReferencedInstanceSequence: [...byUid.values()].map(imageItem) };
}

/** What one DICOM file is, enough to group files into series before any pixel is read. */
import { readFrameHeaders, type FrameHeader } from './stack/frameHeader.ts';
import { isUncompressed } from './pixels/transferSyntax.ts';
import { parseDicom, type Inflate } from './parseDicom.ts';

export interface DicomSummary {
  readonly seriesUid: string;
  /** Images and segmentations of one frame of reference share their world coordinates. */
  readonly frameOfReferenceUid: string;
  readonly sopInstanceUid: string;
  readonly modality: string;
  readonly patientId: string;
  readonly seriesNumber: string;
  readonly seriesDescription: string;
  readonly rows: number;
  readonly columns: number;
  readonly isCompressed: boolean;
  /** `image`, `index` for a DICOMDIR, else what it is in words. */
  readonly content: string;
  /** False when the pixel data element was not met: the bytes may have been too few. */
  readonly isWhole: boolean;
  /** For `splitStacks`; empty when there are no pixels. */
  readonly frames: readonly FrameHeader[];
}

/** Objects that carry no image to segment, some of them with pixel data. */
const OTHER_OBJECTS: readonly (readonly [string, string])[] = [
  ['1.2.840.10008.1.3.10', 'index'],
  ['1.2.840.10008.5.1.4.1.1.481.2', 'a radiotherapy dose'],
  ['1.2.840.10008.5.1.4.1.1.481.3', 'a radiotherapy structure set'],
  ['1.2.840.10008.5.1.4.1.1.481.5', 'a radiotherapy plan'],
  ['1.2.840.10008.5.1.4.1.1.481.', 'a radiotherapy object'],
  ['1.2.840.10008.5.1.4.1.1.66.4', 'a segmentation object'],
  ['1.2.840.10008.5.1.4.1.1.66.7', 'a segmentation object'],
  ['1.2.840.10008.5.1.4.1.1.66', 'a registration, fiducial or raw data object'],
  ['1.2.840.10008.5.1.4.1.1.67', 'a real world value mapping'],
  ['1.2.840.10008.5.1.4.1.1.88.', 'a structured report'],
  ['1.2.840.10008.5.1.4.1.1.11.', 'a presentation state'],
  ['1.2.840.10008.5.1.4.1.1.104.', 'an encapsulated document'],
  ['1.2.840.10008.5.1.4.1.1.9.', 'a waveform'],
  ['1.2.840.10008.5.1.4.1.1.77.1.6', 'a whole-slide microscopy image'],
];

/**
 * `bytes` may be only the beginning of a file; then look at `isWhole`. Throws `import/unreadable` or
 * `import/unsupported` as `parseDicom` does.
 */
export function readDicomSummary(bytes: Uint8Array, path: string, inflate?: Inflate): DicomSummary {
  const { dataSet, transferSyntaxUid } = parseDicom(bytes, path, inflate);
  const text = (tag: string) => dataSet.string(tag)?.trim() ?? '';
  // floating-point ones are refused later, by name
  const hasPixelData = ['x7fe00010', 'x7fe00008', 'x7fe00009'].some((tag) => tag in dataSet.elements);
  const sopClassUid = text('x00080016') || text('x00020002');
  return {
    seriesUid: text('x0020000e'),
    frameOfReferenceUid: text('x00200052'),
    sopInstanceUid: text('x00080018'),
    modality: text('x00080060'),
    patientId: text('x00100020'),
    seriesNumber: text('x00200011'),
    seriesDescription: text('x0008103e'),
    rows: dataSet.uint16('x00280010') ?? 0,
    columns: dataSet.uint16('x00280011') ?? 0,
    isCompressed: !isUncompressed(transferSyntaxUid),
    content: contentOf(sopClassUid, hasPixelData),
    isWhole: hasPixelData,
    frames: hasPixelData ? readFrameHeaders(dataSet, path) : [],
  };
}

function contentOf(sopClassUid: string, hasPixelData: boolean): string {
  // a dot at the end of a table entry means "and all below it"; others match whole or as a parent
  const entry = OTHER_OBJECTS.find(([uid]) => sopClassUid === uid || sopClassUid.startsWith(uid.endsWith('.') ? uid : `${uid}.`));
  if (entry) return entry[1];
  return hasPixelData ? 'image' : 'an object without pixels';
}

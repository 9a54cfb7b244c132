/** Functional groups of the frames (PS3.3 C.7.6.16): where each lies, which segment it shows, which image it was made on. */
import type { Grid } from '../../contract/vocabulary.ts';
import { ijkToLps } from '../../imaging/grid.ts';
import { codeItem } from '../dicom/codeSequence.ts';
import type { Attributes } from '../dicom/write/datasetOf.ts';
import type { DicomReference } from '../dicom/dicomReference.ts';
import type { LabelFrame } from './labelFrames.ts';

const SEGMENTATION = codeItem({ scheme: 'DCM', value: '113076', meaning: 'Segmentation' });
const SOURCE_IMAGE = codeItem({ scheme: 'DCM', value: '121322', meaning: 'Source image for image processing operation' });
const [REFERENCED_SEGMENT_NUMBER, SEGMENT_IDENTIFICATION] = [0x0062_000b, 0x0062_000a];
const [IMAGE_POSITION, PLANE_POSITION] = [0x0020_0032, 0x0020_9113];

type SourceImage = DicomReference['images'][number];

export function sharedGroups({ spacingMm, direction }: Grid): Attributes {
  return {
    PixelMeasuresSequence: { PixelSpacing: [spacingMm[1], spacingMm[0]], SliceThickness: spacingMm[2], SpacingBetweenSlices: spacingMm[2] },
    PlaneOrientationSequence: { ImageOrientationPatient: direction.slice(0, 6) },
  };
}

/** `numberOf` is absent for LABELMAP, whose frames show all segments; `images` has one for each k, or none. */
export function frameGroups(
  frames: readonly LabelFrame[],
  grid: Grid,
  images: readonly SourceImage[],
  numberOf?: (labelValue: number) => number,
): Attributes[] {
  // dimension indices count the planes that occur, from 1
  const planes = [...new Set(frames.map(({ k }) => k))].sort((a, b) => a - b);
  const indexOfPlane = new Map(planes.map((k, n) => [k, n + 1]));
  return frames.map(({ k, labelValue }) => {
    const number = numberOf && labelValue !== undefined ? [numberOf(labelValue)] : [];
    const image = images[k];
    return {
      FrameContentSequence: { DimensionIndexValues: [...number, indexOfPlane.get(k)!] },
      PlanePositionSequence: { ImagePositionPatient: ijkToLps(grid, [0, 0, k]) },
      SegmentIdentificationSequence: number.length > 0 ? { ReferencedSegmentNumber: number[0] } : undefined,
      DerivationImageSequence: image && derivation(image),
    };
  });
}

function derivation(image: SourceImage): Attributes {
  return {
    DerivationCodeSequence: SEGMENTATION,
    SourceImageSequence: {
      ...imageItem(image),
      ReferencedFrameNumber: image.frameNumber,
      SpatialLocationsPreserved: 'YES',
      PurposeOfReferenceCodeSequence: SOURCE_IMAGE,
    },
  };
}

export const imageItem = ({ sopClassUid, sopInstanceUid }: SourceImage): Attributes => ({
  ReferencedSOPClassUID: sopClassUid,
  ReferencedSOPInstanceUID: sopInstanceUid,
});

/** Multi-frame Dimension module (PS3.3 C.7.6.17). */
export function dimensions(organizationUid: string, hasSegments: boolean): Attributes {
  const index = (pointer: number, group: number, label: string): Attributes => ({
    DimensionOrganizationUID: organizationUid,
    DimensionIndexPointer: pointer,
    FunctionalGroupPointer: group,
    DimensionDescriptionLabel: label,
  });
  return {
    DimensionOrganizationSequence: { DimensionOrganizationUID: organizationUid },
    DimensionIndexSequence: [
      ...(hasSegments ? [index(REFERENCED_SEGMENT_NUMBER, SEGMENT_IDENTIFICATION, 'Segment Number')] : []),
      index(IMAGE_POSITION, PLANE_POSITION, 'Image Position Patient'),
    ],
  };
}

/** The legend and its provenance as items of the Segment Sequence (PS3.3 C.8.20.2, C.8.20.4). */
import type { Provenance } from '../../contract/provenance.ts';
import { SEGMENT_CATEGORIES } from '../../contract/segmentCodeTable.ts';
import type { Code, Segment, SegmentCodes } from '../../contract/vocabulary.ts';
import { codeItem } from '../dicom/codeSequence.ts';
import type { Attributes } from '../dicom/write/datasetOf.ts';
import { algorithmItem, plainText } from '../dicom/write/provenanceAttributes.ts';
import { dicomLabOfRgb } from './cieLab.ts';

/** What can be said of any segment in a patient. */
const ANY_TISSUE: SegmentCodes = { category: SEGMENT_CATEGORIES.anatomy, type: SEGMENT_CATEGORIES.tissue };
const BACKGROUND: Code = { scheme: 'DCM', value: '125040', meaning: 'Background' };
const ALGORITHM_TYPE = { manual: 'MANUAL', model: 'AUTOMATIC', corrected: 'SEMIAUTOMATIC' } as const;

export function segmentItem({ name, colorRgb, codes = ANY_TISSUE }: Segment, number: number, provenance: Provenance): Attributes {
  const algorithm = algorithmItem(provenance);
  return {
    SegmentNumber: number,
    SegmentLabel: plainText(name),
    ...algorithmAttributes(provenance),
    SegmentationAlgorithmIdentificationSequence: algorithm,
    SegmentedPropertyCategoryCodeSequence: codeItem(codes.category),
    SegmentedPropertyTypeCodeSequence: { ...codeItem(codes.type), SegmentedPropertyTypeModifierCodeSequence: codes.modifier && codeItem(codes.modifier) },
    RecommendedDisplayCIELabValue: [...dicomLabOfRgb(colorRgb)],
  };
}

/** Of a LABELMAP: its pixel value 0 is described like a segment. */
export function backgroundItem(provenance: Provenance): Attributes {
  return {
    SegmentNumber: 0,
    SegmentLabel: BACKGROUND.meaning,
    ...algorithmAttributes(provenance),
    SegmentedPropertyCategoryCodeSequence: codeItem(BACKGROUND),
    SegmentedPropertyTypeCodeSequence: codeItem(BACKGROUND),
  };
}

function algorithmAttributes({ origin, models }: Provenance): Attributes {
  const names = [...new Set(models.map(({ algorithmName }) => algorithmName))].join(' + ');
  return {
    SegmentAlgorithmType: ALGORITHM_TYPE[origin],
    // required unless a person alone drew it
    SegmentAlgorithmName: origin === 'manual' ? undefined : plainText(names) || 'unknown',
  };
}

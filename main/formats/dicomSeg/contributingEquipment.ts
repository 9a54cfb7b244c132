/** Who and what had a hand in a segmentation object, one item each (Contributing Equipment Sequence, PS3.3 C.12.1). */
import { IMPORT_AUTHOR, type Provenance } from '../../contract/provenance.ts';
import { codeItem } from '../dicom/codeSequence.ts';
import type { Attributes } from '../dicom/write/datasetOf.ts';
import { dicomDateTime } from '../dicom/write/dicomDateTime.ts';
import type { DicomJson, DicomReference } from '../dicom/dicomReference.ts';
import { personNamed, plainText, provenanceText } from '../dicom/write/provenanceAttributes.ts';

/** CID 7005. */
const ACQUISITION = codeItem({ scheme: 'DCM', value: '109101', meaning: 'Acquisition Equipment' });
const PROCESSING = codeItem({ scheme: 'DCM', value: '109102', meaning: 'Processing Equipment' });
const MODIFYING = codeItem({ scheme: 'DCM', value: '109103', meaning: 'Modifying Equipment' });
const [MANUFACTURER, MODEL, VERSIONS, INSTITUTION, SERIAL] = ['00080070', '00081090', '00181020', '00080080', '00181000'];

/** The scanner of the images, the model that predicted, the people who drew, corrected and accepted. */
export function contributingEquipment(provenance: Provenance, reference: DicomReference | undefined, study: DicomJson): Attributes[] {
  const { models, origin, author, savedAtMs, accepted } = provenance;
  const maskloop = { Manufacturer: 'Maskloop', ManufacturerModelName: 'Maskloop', SoftwareVersions: plainText(provenance.softwareVersion) };
  const moment = (ms: number): string => {
    const { date, time } = dicomDateTime(ms, study);
    return date + time;
  };
  const person = (operatorsName: string, atMs: number, description: string): Attributes => ({
    PurposeOfReferenceCodeSequence: MODIFYING,
    ...maskloop,
    OperatorsName: operatorsName || undefined,
    ContributionDateTime: moment(atMs),
    ContributionDescription: description,
  });
  const isImported = author === IMPORT_AUTHOR;
  return [
    ...scanner(reference?.attributes ?? {}),
    {
      PurposeOfReferenceCodeSequence: PROCESSING,
      ...maskloop,
      ContributionDateTime: models.length > 0 && origin !== 'model' ? undefined : moment(savedAtMs),
      ContributionDescription: provenanceText(provenance),
    },
    ...(origin === 'model' || isImported ? [] : [person(personNamed(author), savedAtMs, origin === 'manual' ? 'Drawn by a person' : 'Corrected by a person')]),
    ...(accepted && accepted.author !== IMPORT_AUTHOR ? [person(personNamed(accepted.author), accepted.atMs, 'Accepted by a person')] : []),
  ];
}

function scanner(image: DicomJson): Attributes[] {
  const text = (tag: string): string | undefined => {
    const value = image[tag]?.Value?.[0];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const manufacturer = text(MANUFACTURER!);
  // the only attribute that an item cannot do without
  if (manufacturer === undefined) return [];
  return [
    {
      PurposeOfReferenceCodeSequence: ACQUISITION,
      Manufacturer: manufacturer,
      ManufacturerModelName: text(MODEL!),
      InstitutionName: text(INSTITUTION!),
      DeviceSerialNumber: text(SERIAL!),
      SoftwareVersions: text(VERSIONS!),
      ContributionDescription: 'Made the images',
    },
  ];
}

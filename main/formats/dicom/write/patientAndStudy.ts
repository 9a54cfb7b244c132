/** To whom an object derived from images belongs: the patient and study of its images, or a study of its own. */
import { datasetOf } from './datasetOf.ts';
import { attributeNamed } from './dicomDictionary.ts';
import type { DicomJson, DicomReference } from '../dicomReference.ts';
import { PATIENT_AND_STUDY } from '../dicomReferenceOf.ts';
import { personNamed, plainText } from './provenanceAttributes.ts';
import { newDicomUid, type RandomBytes } from './dicomUid.ts';

/** Type 2 in every object (PS3.3 C.7.1.1, C.7.2.1): there, even when empty. */
const ALWAYS_THERE = datasetOf({
  PatientName: '',
  PatientID: '',
  PatientBirthDate: '',
  PatientSex: '',
  StudyDate: '',
  StudyTime: '',
  StudyID: '',
  AccessionNumber: '',
  ReferringPhysicianName: '',
});

/**
 * Attributes of patient, study and frame of reference, with UIDs always filled. `subject` names the patient where there
 * is no reference: images from NIfTI and other files that know no patient.
 */
export function patientAndStudy(reference: DicomReference | undefined, subject: string, random: RandomBytes): DicomJson {
  const carried = reference ? picked(reference.attributes, [...PATIENT_AND_STUDY, 'FrameOfReferenceUID', 'PositionReferenceIndicator']) : {};
  const fresh = datasetOf({ StudyInstanceUID: newDicomUid(random), FrameOfReferenceUID: newDicomUid(random), PositionReferenceIndicator: '' });
  const named = reference ? {} : datasetOf({ PatientName: personNamed(subject), PatientID: plainText(subject) });
  return { ...ALWAYS_THERE, ...fresh, ...named, ...withoutEmptyUids(carried) };
}

/** Those attributes of `attributes` that have one of `keywords`. */
export function picked(attributes: DicomJson, keywords: readonly string[]): DicomJson {
  const tags = new Set(keywords.map((keyword) => attributeNamed(keyword).tag));
  return Object.fromEntries(Object.entries(attributes).filter(([tag]) => tags.has(tag)));
}

const withoutEmptyUids = (attributes: DicomJson): DicomJson =>
  Object.fromEntries(Object.entries(attributes).filter(([, { vr, Value }]) => vr !== 'UI' || (Value?.length ?? 0) > 0));

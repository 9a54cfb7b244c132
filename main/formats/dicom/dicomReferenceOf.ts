/** What is kept of the images of a case for the objects that will be derived from them. */
import type { DataSet } from 'dicom-parser';
import { attributeNamed } from './write/dicomDictionary.ts';
import { dicomJsonOf } from './dicomJsonOf.ts';
import type { DicomReference } from './dicomReference.ts';

/** Patient and clinical trial, study, time zone (PS3.3 C.7.1, C.7.2, C.12.1): equal in all objects of one study. */
export const PATIENT_AND_STUDY = [
  ...['PatientName', 'PatientID', 'IssuerOfPatientID', 'TypeOfPatientID', 'PatientBirthDate', 'PatientBirthTime', 'PatientSex'],
  ...['OtherPatientIDsSequence', 'OtherPatientNames', 'EthnicGroup', 'PatientComments', 'ReferencedPatientSequence'],
  ...['PatientSpeciesDescription', 'PatientSpeciesCodeSequence', 'PatientBreedDescription', 'PatientBreedCodeSequence'],
  ...['BreedRegistrationSequence', 'ResponsiblePerson', 'ResponsiblePersonRole', 'ResponsibleOrganization'],
  ...['PatientIdentityRemoved', 'DeidentificationMethod', 'DeidentificationMethodCodeSequence'],
  ...['ClinicalTrialSponsorName', 'ClinicalTrialProtocolID', 'ClinicalTrialProtocolName', 'ClinicalTrialSiteID'],
  ...['ClinicalTrialSiteName', 'ClinicalTrialSubjectID', 'ClinicalTrialSubjectReadingID', 'ClinicalTrialTimePointID'],
  ...['ClinicalTrialTimePointDescription', 'ClinicalTrialCoordinatingCenterName'],
  ...['StudyInstanceUID', 'StudyDate', 'StudyTime', 'StudyID', 'StudyDescription', 'AccessionNumber'],
  ...['IssuerOfAccessionNumberSequence', 'ReferringPhysicianName', 'PhysiciansOfRecord', 'NameOfPhysiciansReadingStudy'],
  ...['ProcedureCodeSequence', 'ReferencedStudySequence', 'AdmittingDiagnosesDescription', 'PatientAge', 'PatientSize'],
  ...['PatientWeight', 'PatientSexNeutered', 'Occupation', 'AdditionalPatientHistory', 'TimezoneOffsetFromUTC'],
] as const;

const SERIES_AND_EQUIPMENT = [
  ...['SeriesInstanceUID', 'SeriesNumber', 'SeriesDescription', 'SeriesDate', 'SeriesTime', 'Modality', 'Laterality'],
  ...['BodyPartExamined', 'AnatomicRegionSequence', 'ProtocolName', 'PatientPosition'],
  ...['FrameOfReferenceUID', 'PositionReferenceIndicator', 'SOPClassUID'],
  ...['Manufacturer', 'ManufacturerModelName', 'InstitutionName', 'InstitutionalDepartmentName', 'StationName'],
  ...['DeviceSerialNumber', 'SoftwareVersions'],
  ...['LossyImageCompression', 'LossyImageCompressionRatio', 'LossyImageCompressionMethod'],
] as const;

/**
 * `dataSet`: of the first image. `sliceKeys`: of every k of the grid, ascending, as `DicomSlice.key` spells them (UID, or
 * UID#frame); empty when the grid was resampled.
 */
export function dicomReferenceOf(dataSet: DataSet, sliceKeys: readonly string[]): DicomReference {
  const kept = new Set([...PATIENT_AND_STUDY, ...SERIES_AND_EQUIPMENT].map((keyword) => attributeNamed(keyword).tag));
  const sopClassUid = dataSet.string('x00080016')?.trim() || (dataSet.string('x00020002')?.trim() ?? '');
  return {
    version: 1,
    attributes: dicomJsonOf(dataSet, (tag) => kept.has(tag)),
    images: sliceKeys.map((key) => {
      const [sopInstanceUid = '', frame] = key.split('#');
      return { sopClassUid, sopInstanceUid, ...(frame === undefined ? {} : { frameNumber: Number(frame) }) };
    }),
  };
}

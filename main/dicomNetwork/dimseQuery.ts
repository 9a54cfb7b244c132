/** C-ECHO and C-FIND (PS3.4 annexes A and C). */
import type { requests, responses } from 'dcmjs-dimse';
import { AppException } from '../contract/errors.ts';
import type { DicomMatches, DicomQuery } from '../contract/dicomNetwork.ts';
import { DimseAssociation, type Caller } from './dimseAssociation.ts';
import { dimse } from './dimseLibrary.ts';
import { IMPLICIT_LITTLE_ENDIAN, VERIFICATION } from './storageClasses.ts';

export const PATIENT_ROOT_FIND = '1.2.840.10008.5.1.4.1.2.1.1';
export const STUDY_ROOT_FIND = '1.2.840.10008.5.1.4.1.2.2.1';

/** Identifiers of a C-FIND answer by keyword, texts as the node wrote them. */
export type Identifier = Readonly<Record<string, string>>;

const STATUS_CANCELLED = 0xfe00;

/** Rejects with AppException `network/…`. Resolves with what the node's software calls itself. */
export async function echo(caller: Caller): Promise<string> {
  const link = await DimseAssociation.open(caller, [{ sopClassUid: VERIFICATION, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] }]);
  try {
    const response = await link.perform(new dimse.requests.CEchoRequest());
    requireSuccess(caller, 'echo', response);
    return link.implementation;
  } finally {
    await link.release();
  }
}

/** Rejects with AppException `network/…`. */
export async function search(caller: Caller, query: DicomQuery, limit: number): Promise<DicomMatches> {
  const model = query.level === 'patient' ? PATIENT_ROOT_FIND : STUDY_ROOT_FIND;
  const link = await DimseAssociation.open(caller, [{ sopClassUid: model, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] }]);
  try {
    const { found, isComplete } = await find(caller, link, model, identifierOf(query), limit);
    return { ...matchesOf(query.level, found), isComplete };
  } finally {
    await link.release();
  }
}

/** One C-FIND over an open association; stops the node once there are `limit` matches. */
export async function find(
  caller: Caller,
  link: DimseAssociation,
  model: string,
  identifier: Record<string, string>,
  limit = Infinity,
): Promise<{ found: Identifier[]; isComplete: boolean }> {
  const request: requests.CFindRequest = new dimse.requests.CFindRequest();
  request.setAffectedSopClassUid(model);
  request.setDataset(new dimse.Dataset({ ...identifier }, IMPLICIT_LITTLE_ENDIAN));
  const found: Identifier[] = [];
  let isComplete = true;
  const last = await link.perform(request, (response) => {
    const elements = response.getDataset()?.getElements();
    if (!elements) return;
    if (found.length < limit) found.push(textsOf(elements));
    else if (isComplete) {
      isComplete = false;
      link.cancel(request);
    }
  });
  if (isComplete || last.getStatus() !== STATUS_CANCELLED) requireSuccess(caller, 'search', last);
  return { found, isComplete };
}

export function requireSuccess(caller: Caller, operation: 'echo' | 'search' | 'retrieve' | 'send', response: responses.CEchoResponse): void {
  if (response.getStatus() === 0) return;
  throw new AppException({ code: 'network/failed', node: caller.node.name, operation, ...statusOf(response) });
}

export function statusOf(response: responses.CEchoResponse): { status: string; detail: string } {
  const status = `0x${response.getStatus().toString(16).toUpperCase().padStart(4, '0')}`;
  return { status, detail: String(response.getErrorComment() ?? '').trim() };
}

/** Matching keys with values, return keys without (PS3.4 section C.2.2). */
function identifierOf(query: DicomQuery): Record<string, string> {
  const dates = query.studyDateFrom || query.studyDateTo ? `${query.studyDateFrom ?? ''}-${query.studyDateTo ?? ''}` : '';
  const patient = { PatientID: query.patientId ?? '', PatientName: query.patientName ?? '', PatientBirthDate: '', PatientSex: '' };
  const texts = `${query.patientId ?? ''}${query.patientName ?? ''}${query.accessionNumber ?? ''}`;
  // The library writes UTF-8; a node is told only where it matters.
  const characterSet: Record<string, string> = /[^\x20-\x7e]/.test(texts) ? { SpecificCharacterSet: 'ISO_IR 192' } : {};
  switch (query.level) {
    case 'patient':
      return { ...characterSet, QueryRetrieveLevel: 'PATIENT', ...patient };
    case 'study':
      return {
        ...characterSet,
        QueryRetrieveLevel: 'STUDY',
        ...patient,
        StudyInstanceUID: query.studyUid ?? '',
        StudyDate: dates,
        StudyDescription: '',
        AccessionNumber: query.accessionNumber ?? '',
        ModalitiesInStudy: query.modality ?? '',
        NumberOfStudyRelatedSeries: '',
        NumberOfStudyRelatedInstances: '',
      };
    case 'series':
      return {
        QueryRetrieveLevel: 'SERIES',
        StudyInstanceUID: query.studyUid ?? '',
        SeriesInstanceUID: '',
        SeriesNumber: '',
        SeriesDescription: '',
        Modality: query.modality ?? '',
        NumberOfSeriesRelatedInstances: '',
      };
  }
}

export function matchesOf(level: DicomQuery['level'], found: readonly Identifier[]): Omit<DicomMatches, 'isComplete'> {
  const none = { patients: [], studies: [], series: [] };
  const patientOf = (one: Identifier) => ({
    patientId: one.PatientID ?? '',
    patientName: one.PatientName ?? '',
    birthDate: one.PatientBirthDate ?? '',
    sex: one.PatientSex ?? '',
  });
  switch (level) {
    case 'patient':
      return { ...none, patients: found.map(patientOf) };
    case 'study':
      return {
        ...none,
        studies: found.map((one) => ({
          ...patientOf(one),
          studyUid: one.StudyInstanceUID ?? '',
          studyDate: one.StudyDate ?? '',
          description: one.StudyDescription ?? '',
          accessionNumber: one.AccessionNumber ?? '',
          modalities: (one.ModalitiesInStudy ?? '').split('\\').filter(Boolean),
          seriesCount: countOf(one.NumberOfStudyRelatedSeries),
          objectCount: countOf(one.NumberOfStudyRelatedInstances),
        })),
      };
    case 'series':
      return {
        ...none,
        series: found.map((one) => ({
          studyUid: one.StudyInstanceUID ?? '',
          seriesUid: one.SeriesInstanceUID ?? '',
          seriesNumber: one.SeriesNumber ?? '',
          modality: one.Modality ?? '',
          description: one.SeriesDescription ?? '',
          objectCount: countOf(one.NumberOfSeriesRelatedInstances),
        })),
      };
  }
}

function countOf(text: string | undefined): number | null {
  return text !== undefined && /^\s*[0-9]{1,9}\s*$/.test(text) ? Number(text) : null;
}

function textsOf(elements: Record<string, unknown>): Identifier {
  return Object.fromEntries(Object.entries(elements).map(([keyword, value]) => [keyword, textOf(value)]));
}

/** dcmjs gives texts, numbers, lists of both, and names as objects by representation. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('\\');
  if (typeof value === 'object' && value !== null && 'Alphabetic' in value) return String(value.Alphabetic);
  return typeof value === 'string' || typeof value === 'number' ? String(value).replace(/[\0 ]+$/, '') : '';
}

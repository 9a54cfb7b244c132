/** QIDO-RS (PS3.18 section 10.6). */
import { z } from 'zod';
import type { DicomMatches, DicomQuery, SecretWebNode } from '../contract/dicomNetwork.ts';
import { matchesOf, type Identifier } from './dimseQuery.ts';
import { badAnswer, webJson, type WebRequest } from './webRequest.ts';

/** PS3.18 annex F: tag → VR and values; a name has representations. */
const Value = z.union([z.string(), z.number(), z.null(), z.looseObject({ Alphabetic: z.string().optional() })]);
const Item = z.record(z.string(), z.looseObject({ Value: z.array(z.unknown()).optional() }));
const Items = z.array(Item);

const KEYWORDS: Record<string, string> = {
  '00080016': 'SOPClassUID',
  '00080018': 'SOPInstanceUID',
  '00080020': 'StudyDate',
  '00080050': 'AccessionNumber',
  '00080060': 'Modality',
  '00080061': 'ModalitiesInStudy',
  '00081030': 'StudyDescription',
  '0008103E': 'SeriesDescription',
  '00100010': 'PatientName',
  '00100020': 'PatientID',
  '00100030': 'PatientBirthDate',
  '00100040': 'PatientSex',
  '0020000D': 'StudyInstanceUID',
  '0020000E': 'SeriesInstanceUID',
  '00200011': 'SeriesNumber',
  '00201206': 'NumberOfStudyRelatedSeries',
  '00201208': 'NumberOfStudyRelatedInstances',
  '00201209': 'NumberOfSeriesRelatedInstances',
};
const PAGE = 500;

interface Found {
  readonly found: Identifier[];
  readonly isComplete: boolean;
}

/** Whether the service answers a search. Rejects with AppException `network/…`. */
export async function webEcho(node: SecretWebNode): Promise<void> {
  identifiersOf(node, await webJson(node, { operation: 'echo', path: '/studies?limit=1' }));
}

/** Rejects with AppException `network/…`. */
export async function webSearch(node: SecretWebNode, query: DicomQuery, limit: number): Promise<DicomMatches> {
  const path = query.level === 'series' ? `/studies/${query.studyUid ?? ''}/series` : '/studies';
  const { found, isComplete } = await webFind(node, 'search', path, parametersOf(query), limit);
  // QIDO has no patients: those of the studies.
  if (query.level !== 'patient') return { ...matchesOf(query.level, found), isComplete };
  const patients = new Map(matchesOf('patient', found).patients.map((one) => [`${one.patientId}\\${one.patientName}`, one]));
  return { patients: [...patients.values()], studies: [], series: [], isComplete };
}

/** Page after page: a node may give fewer at once than it is asked for. */
export async function webFind(
  node: SecretWebNode,
  operation: WebRequest['operation'],
  path: string,
  parameters: Record<string, string>,
  limit = Infinity,
): Promise<Found> {
  const found = new Map<string, Identifier>();
  for (let offset = 0; ;) {
    const query = queryText({ ...parameters, limit: String(Math.min(PAGE, limit + 1)), offset: String(offset) });
    const page = identifiersOf(node, await webJson(node, { operation, path: `${path}?${query}` }));
    const before = found.size;
    for (const one of page) found.set(`${one.StudyInstanceUID} ${one.SeriesInstanceUID} ${one.SOPInstanceUID}`, one);
    offset += page.length;
    if (found.size > limit) return { found: [...found.values()].slice(0, limit), isComplete: false };
    // Nothing new: the end, or a node that does not know `offset`.
    if (found.size === before) return { found: [...found.values()], isComplete: true };
  }
}

/** A question mark may stand in a query (RFC 3986 section 3.4), and Orthanc 1.10 knows the wildcard only so; `+` for blanks is for forms. */
function queryText(parameters: Record<string, string>): string {
  return Object.entries(parameters)
    .map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%3F', '?')}`)
    .join('&');
}

function parametersOf(query: DicomQuery): Record<string, string> {
  const { patientId, patientName, accessionNumber, modality, studyDateFrom, studyDateTo, level } = query;
  if (level === 'series') return modality ? { Modality: modality } : {};
  const all = {
    PatientID: patientId,
    PatientName: patientName,
    AccessionNumber: accessionNumber,
    ModalitiesInStudy: modality,
    StudyDate: studyDateFrom || studyDateTo ? `${studyDateFrom ?? ''}-${studyDateTo ?? ''}` : undefined,
    StudyInstanceUID: query.studyUid,
    includefield: 'StudyDescription',
  };
  return Object.fromEntries(Object.entries(all).filter((one): one is [string, string] => Boolean(one[1])));
}

function identifiersOf(node: SecretWebNode, json: unknown): Identifier[] {
  const items = Items.safeParse(json ?? []);
  if (!items.success) throw badAnswer(node, 'no DICOM JSON');
  return items.data.map((item) =>
    Object.fromEntries(
      Object.entries(item).flatMap(([tag, { Value: values }]) => {
        const keyword = KEYWORDS[tag.toUpperCase()];
        return keyword ? [[keyword, (values ?? []).map(textOf).join('\\')]] : [];
      }),
    ),
  );
}

function textOf(raw: unknown): string {
  const value = Value.safeParse(raw).data ?? '';
  return typeof value === 'object' ? (value.Alphabetic ?? '') : String(value);
}

/** Words of the DICOM network: nodes, this workstation's own receiver, what a search asks and answers. */
import { z } from 'zod';

/** PS3.5 section 6.2, AE: 1 to 16 printable ASCII characters without backslash; blanks around it mean nothing. */
export const AeTitle = z
  .string()
  .trim()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 ASCII characters and no backslash');
export const Port = z.int().min(1).max(65535);
/** PS3.5 section 9.1. */
export const DicomUid = z
  .string()
  .regex(/^[0-9]+(\.[0-9]+)*$/, 'a UID consists of numbers and dots')
  .max(64);
/** What the user calls a node. */
export const NodeName = z.string().trim().min(1).max(60);

const webUrl = z.url({ protocol: /^https?$/ });
/** PEM file with the authority that signed the node's certificate; absent: the usual authorities. */
const caFile = z.string().min(1).optional();

export const DimseNode = z.object({
  kind: z.literal('dimse'),
  name: NodeName,
  aeTitle: AeTitle,
  host: z.string().trim().min(1).max(255),
  port: Port,
  tls: z.boolean().default(false),
  caFile,
  /** `move` makes the node connect back to our receiver, which it must know by AE title, address and port. */
  retrieveBy: z.enum(['get', 'move']).default('get'),
});
export const WebNode = z.object({
  kind: z.literal('web'),
  name: NodeName,
  /** Of the DICOMweb root: `…/studies` is appended. */
  url: webUrl,
  caFile,
  authentication: z.enum(['none', 'basic', 'bearer']).default('none'),
  user: z.string().max(200).optional(),
});
/** A node as user interfaces see it. */
export const DicomNode = z.discriminatedUnion('kind', [DimseNode, WebNode]);
export type DicomNode = z.infer<typeof DicomNode>;
/** A node with its password or token: kept in the user's own folder, told to nobody but the process that connects. */
export const SecretNode = z.discriminatedUnion('kind', [DimseNode, WebNode.extend({ secret: z.string().max(8192).optional() })]);
export type SecretNode = z.infer<typeof SecretNode>;
export type SecretDimseNode = Extract<SecretNode, { kind: 'dimse' }>;
export type SecretWebNode = Extract<SecretNode, { kind: 'web' }>;

/** How this workstation is known to others. */
export const OwnStation = z.object({
  aeTitle: AeTitle.default('MASKLOOP'),
  port: Port.default(11112),
  /** `localhost`: programs of this computer only. */
  listenOn: z.enum(['localhost', 'network']).default('localhost'),
  /** Who may send; empty: anybody. */
  allowedAeTitles: z.array(AeTitle).default([]),
});
export type OwnStation = z.infer<typeof OwnStation>;

/** `YYYYMMDD`. */
const day = z.string().regex(/^[0-9]{8}$/, 'a date is eight digits, YYYYMMDD');
const matchText = z
  .string()
  .max(64)
  .regex(/^[^\\\x00-\x1f]*$/, 'no backslash, no control characters');
/** Empty or absent keys match everything; `*` and `?` are wildcards in texts (PS3.4 section C.2.2.2.4). */
export const DicomQuery = z.object({
  level: z.enum(['patient', 'study', 'series']),
  patientId: matchText.optional(),
  patientName: matchText.optional(),
  accessionNumber: matchText.optional(),
  modality: z
    .string()
    .regex(/^[A-Z0-9_]{1,16}$/)
    .optional(),
  studyDateFrom: day.optional(),
  studyDateTo: day.optional(),
  /** Needed at series level. */
  studyUid: DicomUid.optional(),
});
export type DicomQuery = z.infer<typeof DicomQuery>;

/** Texts as the node wrote them; empty where it told nothing. */
export const PatientMatch = z.object({ patientId: z.string(), patientName: z.string(), birthDate: z.string(), sex: z.string() });
export type PatientMatch = z.infer<typeof PatientMatch>;
export const StudyMatch = PatientMatch.extend({
  studyUid: z.string(),
  studyDate: z.string(),
  description: z.string(),
  accessionNumber: z.string(),
  modalities: z.array(z.string()),
  seriesCount: z.int().nullable(),
  objectCount: z.int().nullable(),
});
export type StudyMatch = z.infer<typeof StudyMatch>;
export const SeriesMatch = z.object({
  studyUid: z.string(),
  seriesUid: z.string(),
  seriesNumber: z.string(),
  modality: z.string(),
  description: z.string(),
  objectCount: z.int().nullable(),
});
export type SeriesMatch = z.infer<typeof SeriesMatch>;
export const DicomMatches = z.object({
  patients: z.array(PatientMatch),
  studies: z.array(StudyMatch),
  series: z.array(SeriesMatch),
  /** False: the node knows more than were asked for. */
  isComplete: z.boolean(),
});
export type DicomMatches = z.infer<typeof DicomMatches>;

/** `seriesUids` absent: the whole study. */
export const WantedStudy = z.object({ studyUid: DicomUid, seriesUids: z.array(DicomUid).min(1).optional() });
export type WantedStudy = z.infer<typeof WantedStudy>;

/** `aeTitle` and `implementation` are what a DIMSE node said of itself; empty for DICOMweb. */
export const EchoAnswer = z.object({ elapsedMs: z.number(), implementation: z.string() });

export const ReceiverStatus = z.object({
  isRunning: z.boolean(),
  station: OwnStation,
  receivedCount: z.int(),
  last: z.object({ atMs: z.number(), callingAeTitle: z.string(), studyUid: z.string() }).nullable(),
});
export type ReceiverStatus = z.infer<typeof ReceiverStatus>;

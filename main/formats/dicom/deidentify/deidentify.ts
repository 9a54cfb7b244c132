/**
 * De-identification of a data set by the Basic Application Level Confidentiality Profile (PS3.15 annex E). Pixels are not
 * looked at. Beyond the table, for what it cannot know: person names and UIDs that it does not list are taken out
 * too, and kept texts that mention a name or an identifier of the input.
 */
import { datasetOf } from '../write/datasetOf.ts';
import { vrOfTag } from '../write/dicomDictionary.ts';
import type { DicomJson } from '../dicomReference.ts';
import { actionFor, type ProfileAction } from './basicProfile.ts';
import { DeidentifyLog, type Deed, type DeidentifyReport } from './deidentifyReport.ts';
import { identifyingWords, mentions, personText } from './identifyingWords.ts';
import { daysEarlier, dummyValue, movedDate, replacedUid, type KeyedHash } from './replacedValue.ts';

export interface DeidentifyOptions {
  /** One key for all files of an export keeps them together: UIDs, pseudonyms and dates stay consistent. */
  readonly hash: KeyedHash;
  /** Of Maskloop. */
  readonly softwareVersion: string;
  /** PatientName and PatientID; must not be derived from the patient. Absent: a word from the hash. */
  readonly pseudonym?: string;
  /** `moved`: the option "Retain Longitudinal Temporal Information With Modified Dates": all dates of a patient earlier by the same number of days. */
  readonly dates?: 'removed' | 'moved';
}

type Element = DicomJson[string];

const [PATIENT_NAME, PATIENT_ID] = ['00100010', '00100020'];
/** Born, not examined: no date option keeps it (PatientBirthDate, PatientBirthTime). */
const BIRTH = ['00100030', '00100032'];
/** Emptied by the profile, and what a structure set is of no use without: cleaned instead (Clean Descriptors Option). */
const ROI_NAME = '30060026';
/** UIDs that say what something is, not which one: SOP classes, coding schemes, contexts, transfer syntaxes. */
const CLASS_UIDS = new Set(
  (
    '00080016 0008001A 0008001B 00080062 0008010C 0008010D 00080117 00080118 0008040E 00081150 0008115A 00083002 ' +
    '00340003 04000010 04000510 30100052 30100053'
  ).split(' '),
);
/** Earlier steps that are true still: pixels, faces and graphics were cleaned. What they retained is gone now. */
const PIXEL_CODES = new Set(['113101', '113102', '113103']);
const FREE_TEXT = new Set(['LO', 'LT', 'SH', 'ST', 'UC', 'UR', 'UT']);

/** The data set without the patient, and what was done to it; the input is not changed. */
export function deidentify(dataset: DicomJson, options: DeidentifyOptions): { dataset: DicomJson; report: DeidentifyReport } {
  const patient = [PATIENT_ID, PATIENT_NAME].map((tag) => personText(dataset[tag]?.Value?.[0] ?? '')).join('\\');
  const code = [...options.hash(`patient ${patient}`).subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const context: Context = {
    hash: options.hash,
    words: identifyingWords(dataset),
    pseudonym: options.pseudonym ?? `patient-${code}`,
    days: options.dates === 'moved' ? daysEarlier(patient, options.hash) : null,
    log: new DeidentifyLog(),
  };
  const clean = withoutIdentity(dataset, context);
  const report = context.log.report(context.days === null ? 'removed' : 'moved');
  return { dataset: { ...clean, ...statement(clean, options, report) }, report };
}

interface Context {
  readonly hash: KeyedHash;
  readonly words: readonly string[];
  readonly pseudonym: string;
  /** `null`: dates are removed. */
  readonly days: number | null;
  readonly log: DeidentifyLog;
}

function withoutIdentity(dataset: DicomJson, context: Context): DicomJson {
  const clean: DicomJson = {};
  for (const [tag, element] of Object.entries(dataset)) {
    if (isOfTheFile(tag)) continue;
    const [deed, left] = treated(tag, element, context);
    context.log.add(tag, deed);
    if (left) clean[tag] = left;
  }
  return clean;
}

/** Meta information, which the writer makes anew, and group lengths. */
const isOfTheFile = (tag: string): boolean => tag.startsWith('0000') || tag.startsWith('0002') || tag.endsWith('0000');

type Treated = readonly [Deed, Element | null];

function treated(tag: string, element: Element, context: Context): Treated {
  const vr = element.vr === 'UN' ? (vrOfTag(tag) ?? 'UN') : element.vr;
  const action = actionFor(tag);
  if (action === 'X' && !isMoved(tag, vr, context)) return ['removed', null];
  if (vr === 'SQ') return treatedSequence(element, action, context);
  const values = element.Value ?? [];
  if (values.length === 0) return ['kept', element];
  if (tag === PATIENT_NAME) return ['replaced', { vr, Value: [{ Alphabetic: context.pseudonym }] }];
  if (tag === PATIENT_ID) return ['replaced', { vr, Value: [context.pseudonym] }];
  if (tag === ROI_NAME) return treatedText(element, `ROI`, context);
  if (vr === 'UI') return treatedUids(tag, element, context);
  if (action && isMoved(tag, vr, context)) {
    const moved = vr === 'TM' ? values : values.map((value) => movedDate(String(value), context.days!));
    if (moved.every((value) => value !== undefined)) return ['moved', { vr, Value: moved }];
  }
  if (action) return byTheTable(action, vr);
  if (vr === 'PN') return ['emptied', { vr, Value: [] }];
  // bytes of an attribute that the dictionary does not have could be anything
  if (vr === 'UN') return ['removed', null];
  return FREE_TEXT.has(vr) ? treatedText(element, 'REMOVED', context) : ['kept', element];
}

/** Combined codes go to the stronger demand of the type, so that an object stays valid whatever its class. */
function byTheTable(action: ProfileAction, vr: string): Treated {
  if (action === 'X') return ['removed', null];
  if (action === 'Z' || action === 'X/Z') return ['emptied', { vr, Value: [] }];
  const dummy = dummyValue(vr);
  return dummy === undefined ? ['removed', null] : ['replaced', { vr, Value: [dummy] }];
}

function treatedSequence({ vr, Value = [] }: Element, action: ProfileAction | undefined, context: Context): Treated {
  if (action === 'D' && Value.length > 0) return ['replaced', { vr: 'SQ', Value: [{}] }];
  if (action === 'Z' || action === 'X/Z') return ['emptied', { vr: 'SQ', Value: [] }];
  if (action === 'X/D' || action === 'X/Z/D') return ['removed', null];
  const items = Value.map((item) => withoutIdentity(item as DicomJson, context));
  return ['kept', { vr: vr === 'UN' ? 'SQ' : vr, Value: items }];
}

function treatedUids(tag: string, { vr, Value = [] }: Element, { hash }: Context): Treated {
  if (CLASS_UIDS.has(tag)) return ['kept', { vr, Value }];
  const uids = Value.map((uid) => replacedUid(String(uid), hash));
  return [uids.some((uid, n) => uid !== Value[n]) ? 'replaced' : 'kept', { vr, Value: uids }];
}

function treatedText(element: Element, replacement: string, { words }: Context): Treated {
  const values = (element.Value ?? []).map(String);
  if (!values.some((value) => mentions(value, words))) return ['kept', element];
  return ['cleaned', { vr: element.vr, Value: values.map((value) => (mentions(value, words) ? replacement : value)) }];
}

const isMoved = (tag: string, vr: string, { days }: Context): boolean => days !== null && ['DA', 'DT', 'TM'].includes(vr) && !BIRTH.includes(tag);

/** That and how the object was de-identified (PS3.15 E.1.1, PS3.3 C.7.1.1 and C.12.1), after what was said of it before. */
function statement(clean: DicomJson, { softwareVersion, dates }: DeidentifyOptions, { options }: DeidentifyReport): DicomJson {
  const earlierMethods = (clean['00120063']?.Value ?? []).map(String);
  const earlierCodes = ((clean['00120064']?.Value ?? []) as DicomJson[]).filter((code) => PIXEL_CODES.has(String(code['00080100']?.Value?.[0])));
  const stated = datasetOf({
    PatientIdentityRemoved: 'YES',
    DeidentificationMethod: [...earlierMethods, `Maskloop ${softwareVersion}`, 'DICOM PS3.15 annex E Basic Profile'],
    DeidentificationMethodCodeSequence: options.map(({ value, meaning }) => ({ CodeValue: value, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning })),
    LongitudinalTemporalInformationModified: dates === 'moved' ? 'MODIFIED' : 'REMOVED',
  });
  stated['00120064'] = { vr: 'SQ', Value: [...earlierCodes, ...stated['00120064']!.Value!] };
  return stated;
}

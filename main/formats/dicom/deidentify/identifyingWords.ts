/** Words of a data set that say who somebody is, to find them where no table of attributes expects them. */
import type { DicomJson } from '../dicomReference.ts';

/** PatientID, OtherPatientIDs, PatientAddress, telephone numbers, MedicalRecordLocator, AccessionNumber, AdmissionID. */
const IDENTIFIERS = new Set('00100020 00101000 00101040 00102154 00101090 00080050 00380010'.split(' '));
/** Shorter words are no names; shorter parts are part of too many words, except in scripts that put no spaces. */
const [SHORTEST_WORD, SHORTEST_PART] = [2, 5];
const WITHOUT_SPACES = /[\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]/;

/** Parts of every person name, and identifiers of the patient; also those in sequences. */
export function identifyingWords(dataset: DicomJson): string[] {
  const words = new Set<string>();
  for (const [tag, { vr, Value = [] }] of Object.entries(dataset)) {
    for (const value of Value) {
      if (vr === 'SQ') identifyingWords(value as DicomJson).forEach((word) => words.add(word));
      else if (vr === 'PN')
        personText(value)
          .split(/[\^=\s,]+/)
          .forEach((word) => words.add(word));
      else if (IDENTIFIERS.has(tag)) words.add(String(value).trim());
    }
  }
  return [...words].filter((word) => word.length >= SHORTEST_WORD);
}

/** Whether `text` holds one of `words`: as a word of its own, or anywhere when it is long. Case does not count. */
export function mentions(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase();
  return words.some((word) => {
    const [sought, isLong] = [word.toLowerCase(), word.length >= SHORTEST_PART || WITHOUT_SPACES.test(word)];
    for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, at + 1)) {
      if (isLong || !(isWordCharacter(lower[at - 1]) || isWordCharacter(lower[at + sought.length]))) return true;
    }
    return false;
  });
}

/** A person name of the DICOM JSON model, all its groups. */
export function personText(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join('=') : String(value);
}

const isWordCharacter = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}]/u.test(character);

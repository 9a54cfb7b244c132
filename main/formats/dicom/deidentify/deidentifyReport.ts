/** What was done to the attributes of a data set, for the person who answers for it. */
import { keywordOfTag } from '../write/dicomDictionary.ts';
import { isPrivate, PROFILE_EDITION } from './basicProfile.ts';

/** `cleaned`: a text that mentioned the patient or another person, of which only that mention is gone. */
export type Deed = 'removed' | 'emptied' | 'replaced' | 'moved' | 'cleaned' | 'kept';

export interface DeidentifyReport {
  readonly profile: string;
  /** Of PS3.16 CID 7050: the profile itself, then its options. */
  readonly options: readonly { readonly value: string; readonly meaning: string }[];
  /** By tag, those in sequences together with those outside. */
  readonly attributes: readonly { readonly tag: string; readonly keyword: string; readonly deed: Deed; readonly count: number }[];
  readonly removedPrivateCount: number;
  /** What nobody looked at. */
  readonly warnings: readonly string[];
}

const BASIC_PROFILE = { value: '113100', meaning: 'Basic Application Confidentiality Profile' };
const CLEAN_DESCRIPTORS = { value: '113105', meaning: 'Clean Descriptors Option' };
const MODIFIED_DATES = { value: '113107', meaning: 'Retain Longitudinal Temporal Information Modified Dates Option' };
const ROI_NAME = '30060026';
const NOT_EXAMINED = [
  'The pixels were not examined: names burnt into an image, or a face that can be drawn from a head scan, are still there.',
  'Texts that stay (names of segments, regions and codes) were searched for the names and identifiers of the input only.',
];

export class DeidentifyLog {
  readonly #counts = new Map<string, { tag: string; deed: Deed; count: number }>();
  #removedPrivateCount = 0;

  add(tag: string, deed: Deed): void {
    if (isPrivate(tag)) {
      this.#removedPrivateCount++;
      return;
    }
    const key = tag + deed;
    const entry = this.#counts.get(key);
    if (entry) entry.count++;
    else this.#counts.set(key, { tag, deed, count: 1 });
  }

  report(dates: 'removed' | 'moved'): DeidentifyReport {
    const entries = [...this.#counts.values()].sort((a, b) => (a.tag < b.tag ? -1 : 1));
    const keepsNames = entries.some(({ tag }) => tag === ROI_NAME);
    return {
      profile: `DICOM PS3.15 ${PROFILE_EDITION} annex E, Basic Application Level Confidentiality Profile`,
      options: [BASIC_PROFILE, ...(keepsNames ? [CLEAN_DESCRIPTORS] : []), ...(dates === 'moved' ? [MODIFIED_DATES] : [])],
      attributes: entries.map(({ tag, deed, count }) => ({ tag, keyword: keywordOfTag(tag) ?? '', deed, count })),
      removedPrivateCount: this.#removedPrivateCount,
      warnings: NOT_EXAMINED,
    };
  }
}

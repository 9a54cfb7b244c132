/** What stands where something identifying stood: dummies, other UIDs, moved dates. */
import { newDicomUid } from '../write/dicomUid.ts';

/** The same bytes for the same text, at least sixteen, e.g. HMAC-SHA-256 under a key that nobody keeps. */
export type KeyedHash = (text: string) => Uint8Array;

/** Of value representations; none for sequences, binary values and UIDs. */
const DUMMIES: Readonly<Record<string, string | number>> = {
  ...{ AE: 'REMOVED', CS: 'REMOVED', LO: 'REMOVED', LT: 'REMOVED', SH: 'REMOVED', ST: 'REMOVED', UC: 'REMOVED', UT: 'REMOVED', PN: 'REMOVED^' },
  ...{ AS: '000D', DA: '19000101', DT: '19000101000000', TM: '000000', UR: 'about:blank', DS: '0', IS: '0' },
  ...{ FD: 0, FL: 0, SL: 0, SS: 0, UL: 0, US: 0 },
};

/** A valid value that says nothing; `undefined` where there is none. */
export function dummyValue(vr: string): unknown {
  const dummy = DUMMIES[vr];
  return vr === 'PN' ? { Alphabetic: dummy } : dummy;
}

/** UIDs of the standard, and with them well-known frames of reference, name nobody. */
const STANDARD_ROOT = '1.2.840.10008.';

/** Another UID, the same for the same one under the same key. */
export function replacedUid(uid: string, hash: KeyedHash): string {
  const plain = uid.trim();
  return plain === '' || plain.startsWith(STANDARD_ROOT) ? plain : newDicomUid((count) => hash(`uid ${plain}`).subarray(0, count));
}

const DAY_MS = 86_400_000;
const LONGEST_SHIFT_DAYS = 3650;

/** How many days earlier the dates of a patient are made: 1 to 3650, the same for all dates of the patient. */
export function daysEarlier(patient: string, hash: KeyedHash): number {
  const bytes = hash(`dates ${patient}`);
  return 1 + (((bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!) % LONGEST_SHIFT_DAYS);
}

/** A date (DA) or date with time (DT) moved back by whole days; `undefined` when it is not a whole date. */
export function movedDate(value: string, days: number): string | undefined {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})(\d*\.?\d*(?:[+-]\d{4})?)$/.exec(value.trim());
  if (!match) return undefined;
  const [, year, month, day, rest] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const moved = new Date(ms - days * DAY_MS);
  if (new Date(ms).getUTCDate() !== Number(day) || moved.getUTCFullYear() < 1000) return undefined;
  return moved.toISOString().slice(0, 10).replaceAll('-', '') + rest;
}

/** Dates and times as DICOM writes them (PS3.5 section 6.2). */
import type { DicomJson } from '../dicomReference.ts';

const TIMEZONE_OFFSET = '00080201';

export interface DicomDateTime {
  /** `YYYYMMDD` */
  readonly date: string;
  /** `HHMMSS` */
  readonly time: string;
}

/**
 * A moment in the time zone of the study where its attributes name one (TimezoneOffsetFromUTC covers every time in an
 * object), else in that of this computer.
 */
export function dicomDateTime(ms: number, study: DicomJson = {}): DicomDateTime {
  const offset = /^([+-])(\d{2})(\d{2})$/.exec(String(study[TIMEZONE_OFFSET]?.Value?.[0] ?? ''));
  const offsetMinutes = offset ? (offset[1] === '-' ? -1 : 1) * (60 * Number(offset[2]) + Number(offset[3])) : -new Date(ms).getTimezoneOffset();
  // shifted so that the UTC digits are the local ones
  const digits = new Date(ms + offsetMinutes * 60_000).toISOString().replace(/\D/g, '');
  return { date: digits.slice(0, 8), time: digits.slice(8, 14) };
}

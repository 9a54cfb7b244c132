/** Dates and times as DICOM writes them (DA, TM, DT), to milliseconds; without time zones, for differences only. */

/** `date` is a DA and `time` a TM, or `date` is a DT alone. `undefined` when either is missing or malformed. */
export function dicomTimeMs(date: string, time?: string): number | undefined {
  const day = /^(\d{4})\.?(\d{2})\.?(\d{2})/.exec(date);
  const ofDayMs = timeOfDayMs(time ?? date.slice(8));
  if (!day || ofDayMs === undefined) return undefined;
  const dayMs = Date.UTC(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
  return Number.isFinite(dayMs) ? dayMs + ofDayMs : undefined;
}

/** A TM: `HHMMSS.FFFFFF`, from the right as short as `HH`; old files write colons. */
export function timeOfDayMs(time: string): number | undefined {
  const match = /^(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d+)?)?/.exec(time);
  if (!match) return undefined;
  return (Number(match[1]) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)) * 1000;
}

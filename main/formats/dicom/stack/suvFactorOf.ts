/**
 * From PET activity to standardised uptake values by body weight, by the vendor-neutral rules of the RSNA Quantitative
 * Imaging Biomarkers Alliance ("SUV calculation", FDG-PET/CT technical committee).
 */
import type { DataSet } from 'dicom-parser';
import { dicomTimeMs, timeOfDayMs } from '../dicomTime.ts';
import { classicHolder, decimalOf, functionalGroup, itemOf, privateTag, textOf } from './functionalGroups.ts';

export interface PetFacts {
  /** As the file calls them: `BQML`, `CNTS`, `GML`, …; '' when it does not say. */
  readonly units: string;
  /** Modality value (`stored * slope + intercept`) times this is SUV by body weight, in g/ml. */
  readonly suvFactor?: number;
  /** Why there is no factor. */
  readonly suvReason?: string;
  /** True when each frame has to have its own factor, because it was not corrected for decay. */
  readonly isDecaying: boolean;
}

const DAY_MS = 86_400_000;
/** Less is a dose in MBq by mistake, more is no human and no mouse. */
const PLAUSIBLE_DOSE_BQ: readonly [number, number] = [1e4, 1e11];
/** A tracer is not measured after so many half-lives; such a delay is a mistake in the times. */
const MOST_HALF_LIVES = 10;

/** Attributes of one image, or of one frame of an object made from classic images. */
interface Header {
  readonly text: (tag: string) => string;
  readonly decimal: (tag: string) => number | undefined;
  readonly tracer: DataSet | undefined;
  readonly privateText: (group: string, creator: string, element: string) => string;
  /** When the frame began, as DT; '' in classic images. */
  readonly frameStart: string;
}

function headerOf(dataSet: DataSet, frame: number | null): Header {
  const holder = (tag: string) => classicHolder(dataSet, frame, tag);
  return {
    text: (tag) => textOf(holder(tag), tag),
    decimal: (tag) => decimalOf(holder(tag), tag),
    tracer: itemOf(holder('x00540016'), 'x00540016'),
    privateText: (group, creator, element) => {
      const block = holder(`${group}0010`);
      const tag = privateTag(block, group, creator, element);
      return tag ? textOf(block, tag) : '';
    },
    frameStart: textOf(functionalGroup(dataSet, frame, 'x00209111'), 'x00189074'),
  };
}

/** The facts of one PET image or frame; `undefined` for other modalities. */
export function petFactsOf(dataSet: DataSet, frame: number | null = null): PetFacts | undefined {
  if (textOf(dataSet, 'x00080060') !== 'PT') return undefined;
  const { text } = headerOf(dataSet, frame);
  const factor = suvFactorOf(dataSet, frame);
  return {
    units: text('x00541001'),
    isDecaying: text('x00541102') === 'NONE' && text('x00541001') !== 'GML',
    ...(typeof factor === 'number' ? { suvFactor: factor } : { suvReason: factor }),
  };
}

/** Modality value times this is SUV by body weight, in g/ml; or the reason why it cannot be known. */
export function suvFactorOf(dataSet: DataSet, frame: number | null = null): number | string {
  const header = headerOf(dataSet, frame);
  const units = header.text('x00541001');
  if (units === 'GML') {
    const type = header.text('x00541006') || 'BW';
    return type === 'BW' ? 1 : `the values are SUV by ${type}, not by body weight`;
  }
  if (units === 'CNTS') return philipsFactor(header);
  if (units !== 'BQML') return units ? `units are ${units}` : 'no Units';
  return activityFactor(header);
}

function philipsFactor(header: Header): number | string {
  const factorAt = (element: string) => Number(header.privateText('x7053', 'Philips PET Private Group', element));
  const suvPerCount = factorAt('00');
  if (suvPerCount > 0 && Number.isFinite(suvPerCount)) return suvPerCount;
  const activityPerCount = factorAt('09');
  if (!(activityPerCount > 0 && Number.isFinite(activityPerCount))) return 'units are counts, without a factor of the vendor';
  const factor = activityFactor(header);
  return typeof factor === 'number' ? factor * activityPerCount : factor;
}

/** g/Bq: weight over the dose that is left at the time the activity is given for. */
function activityFactor(header: Header): number | string {
  const weightKg = header.decimal('x00101030');
  if (weightKg === undefined || !(weightKg > 0 && weightKg < 700)) return 'no PatientWeight';
  const { tracer } = header;
  if (!tracer) return 'no RadiopharmaceuticalInformationSequence';
  const doseBq = decimalOf(tracer, 'x00181074');
  if (doseBq === undefined) return 'no RadionuclideTotalDose';
  if (!(doseBq > PLAUSIBLE_DOSE_BQ[0] && doseBq < PLAUSIBLE_DOSE_BQ[1])) return `a dose of ${doseBq} Bq`;
  const corrections = header.text('x00280051').split('\\');
  if (!corrections.includes('ATTN')) return 'not corrected for attenuation';
  const decayCorrection = header.text('x00541102');
  const isCorrected = corrections.includes('DECY');
  if (isCorrected === (decayCorrection === 'NONE') || !['START', 'ADMIN', 'NONE'].includes(decayCorrection))
    return `CorrectedImage and DecayCorrection (${decayCorrection || 'missing'}) do not agree`;
  if (decayCorrection === 'ADMIN') return (weightKg * 1000) / doseBq;
  const halfLifeMs = (decimalOf(tracer, 'x00181075') ?? 0) * 1000;
  if (!(halfLifeMs > 0)) return 'no RadionuclideHalfLife';
  const referenceMs = decayCorrection === 'START' ? scanStartMs(header, halfLifeMs) : meanCountMs(header, halfLifeMs);
  if (typeof referenceMs === 'string') return referenceMs;
  const delayMs = delaySinceInjection(tracer, referenceMs);
  if (typeof delayMs === 'string') return delayMs;
  if (delayMs > MOST_HALF_LIVES * halfLifeMs) return `${(delayMs / 3_600_000).toFixed(1)} hours between injection and scan`;
  return (weightKg * 1000) / (doseBq * 2 ** (-delayMs / halfLifeMs));
}

/**
 * The moment that `START` refers to: the series time, unless post-processing has moved it behind the acquisition; then
 * GE's private scan time, or what the frame reference time leads back to.
 */
function scanStartMs(header: Header, halfLifeMs: number): number | string {
  const seriesMs = dicomTimeMs(header.text('x00080021'), header.text('x00080031'));
  const acquisitionMs = acquisitionStartMs(header);
  if (seriesMs !== undefined && acquisitionMs !== undefined && seriesMs <= acquisitionMs) return seriesMs;
  const scanMs = dicomTimeMs(header.privateText('x0009', 'GEMS_PETD_01', '0d'));
  if (scanMs !== undefined) return scanMs;
  const frameReferenceMs = header.decimal('x00541300') ?? 0;
  const averageMs = averageCountTimeMs(header, halfLifeMs);
  if (acquisitionMs === undefined || !(frameReferenceMs > 0) || averageMs === undefined)
    return 'the start of the scan is unknown (the series was made after the acquisition)';
  return acquisitionMs - frameReferenceMs + averageMs;
}

/** When the average count of an image without decay correction was taken. */
function meanCountMs(header: Header, halfLifeMs: number): number | string {
  const acquisitionMs = acquisitionStartMs(header);
  const averageMs = averageCountTimeMs(header, halfLifeMs);
  if (acquisitionMs === undefined || averageMs === undefined) return 'no AcquisitionTime or ActualFrameDuration';
  return acquisitionMs + averageMs;
}

function acquisitionStartMs(header: Header): number | undefined {
  return dicomTimeMs(header.text('x00080022'), header.text('x00080032')) ?? dicomTimeMs(header.text('x0008002a'));
}

/** From the start of a frame to the moment whose count rate is the average of the frame. */
function averageCountTimeMs(header: Header, halfLifeMs: number): number | undefined {
  const durationMs = header.decimal('x00181242');
  if (durationMs === undefined || !(durationMs > 0)) return undefined;
  const decayPerMs = Math.LN2 / halfLifeMs;
  const decay = decayPerMs * durationMs;
  return Math.log(decay / -Math.expm1(-decay)) / decayPerMs;
}

function delaySinceInjection(tracer: DataSet, referenceMs: number): number | string {
  const injectionMs = dicomTimeMs(textOf(tracer, 'x00181078'));
  if (injectionMs !== undefined) {
    const delayMs = referenceMs - injectionMs;
    return delayMs >= 0 ? delayMs : 'the injection lies behind the scan';
  }
  const injectionOfDayMs = timeOfDayMs(textOf(tracer, 'x00181072'));
  if (injectionOfDayMs === undefined) return 'no RadiopharmaceuticalStartTime';
  // a time without a date: the last such moment before the scan
  const scanOfDayMs = ((referenceMs % DAY_MS) + DAY_MS) % DAY_MS;
  return (scanOfDayMs - injectionOfDayMs + DAY_MS) % DAY_MS;
}

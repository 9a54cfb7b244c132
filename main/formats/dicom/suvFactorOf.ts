/**
 * From PET activity to standardised uptake values by body weight, by the vendor-neutral rules of the RSNA Quantitative
 * Imaging Biomarkers Alliance ("SUV calculation", FDG-PET/CT technical committee).
 */
import type { DataSet } from 'dicom-parser';
import { dicomTimeMs, timeOfDayMs } from './dicomTime.ts';
import { decimalOf, itemOf, textOf } from './functionalGroups.ts';

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

/** The facts of one PET image; `undefined` for other modalities. */
export function petFactsOf(dataSet: DataSet): PetFacts | undefined {
  if (textOf(dataSet, 'x00080060') !== 'PT') return undefined;
  const factor = suvFactorOf(dataSet);
  const isDecaying = textOf(dataSet, 'x00541102') === 'NONE' && textOf(dataSet, 'x00541001') !== 'GML';
  return {
    units: textOf(dataSet, 'x00541001'),
    isDecaying,
    ...(typeof factor === 'number' ? { suvFactor: factor } : { suvReason: factor }),
  };
}

/** Modality value times this is SUV by body weight, in g/ml; or the reason why it cannot be known. */
export function suvFactorOf(dataSet: DataSet): number | string {
  const units = textOf(dataSet, 'x00541001');
  if (units === 'GML') {
    const type = textOf(dataSet, 'x00541006') || 'BW';
    return type === 'BW' ? 1 : `the values are SUV by ${type}, not by body weight`;
  }
  if (units === 'CNTS') return philipsFactor(dataSet);
  if (units !== 'BQML') return units ? `units are ${units}` : 'no Units';
  return activityFactor(dataSet);
}

function philipsFactor(dataSet: DataSet): number | string {
  const isPhilips = textOf(dataSet, 'x70530010') === 'Philips PET Private Group';
  const suvPerCount = isPhilips ? decimalOf(dataSet, 'x70531000') : undefined;
  if (suvPerCount !== undefined && suvPerCount > 0) return suvPerCount;
  const activityPerCount = isPhilips ? decimalOf(dataSet, 'x70531009') : undefined;
  if (activityPerCount === undefined || !(activityPerCount > 0))
    return 'units are counts, without a factor of the vendor';
  const factor = activityFactor(dataSet);
  return typeof factor === 'number' ? factor * activityPerCount : factor;
}

/** g/Bq: weight over the dose that is left at the time the activity is given for. */
function activityFactor(dataSet: DataSet): number | string {
  const weightKg = decimalOf(dataSet, 'x00101030');
  if (weightKg === undefined || !(weightKg > 0 && weightKg < 700)) return 'no PatientWeight';
  const tracer = itemOf(dataSet, 'x00540016');
  if (!tracer) return 'no RadiopharmaceuticalInformationSequence';
  const doseBq = decimalOf(tracer, 'x00181074');
  if (doseBq === undefined) return 'no RadionuclideTotalDose';
  if (!(doseBq > PLAUSIBLE_DOSE_BQ[0] && doseBq < PLAUSIBLE_DOSE_BQ[1])) return `a dose of ${doseBq} Bq`;
  const corrections = textOf(dataSet, 'x00280051').split('\\');
  if (!corrections.includes('ATTN')) return 'not corrected for attenuation';
  const decayCorrection = textOf(dataSet, 'x00541102');
  const isCorrected = corrections.includes('DECY');
  if (isCorrected === (decayCorrection === 'NONE') || !['START', 'ADMIN', 'NONE'].includes(decayCorrection))
    return `CorrectedImage and DecayCorrection (${decayCorrection || 'missing'}) do not agree`;
  if (decayCorrection === 'ADMIN') return (weightKg * 1000) / doseBq;
  const halfLifeMs = (decimalOf(tracer, 'x00181075') ?? 0) * 1000;
  if (!(halfLifeMs > 0)) return 'no RadionuclideHalfLife';
  const referenceMs = decayCorrection === 'START' ? scanStartMs(dataSet, halfLifeMs) : meanCountMs(dataSet, halfLifeMs);
  if (typeof referenceMs === 'string') return referenceMs;
  const delayMs = delaySinceInjection(tracer, referenceMs);
  if (typeof delayMs === 'string') return delayMs;
  if (delayMs > MOST_HALF_LIVES * halfLifeMs)
    return `${(delayMs / 3_600_000).toFixed(1)} hours between injection and scan`;
  return (weightKg * 1000) / (doseBq * 2 ** (-delayMs / halfLifeMs));
}

/**
 * The moment that `START` refers to: the series time, unless post-processing has moved it behind the acquisition; then
 * GE's private scan time, or what the frame reference time leads back to.
 */
function scanStartMs(dataSet: DataSet, halfLifeMs: number): number | string {
  const seriesMs = dicomTimeMs(textOf(dataSet, 'x00080021'), textOf(dataSet, 'x00080031'));
  const acquisitionMs = acquisitionStartMs(dataSet);
  if (seriesMs !== undefined && acquisitionMs !== undefined && seriesMs <= acquisitionMs) return seriesMs;
  if (textOf(dataSet, 'x00090010') === 'GEMS_PETD_01') {
    const scanMs = dicomTimeMs(textOf(dataSet, 'x0009100d'));
    if (scanMs !== undefined) return scanMs;
  }
  const frameReferenceMs = decimalOf(dataSet, 'x00541300') ?? 0;
  const averageMs = averageCountTimeMs(dataSet, halfLifeMs);
  if (acquisitionMs === undefined || !(frameReferenceMs > 0) || averageMs === undefined)
    return 'the start of the scan is unknown (the series was made after the acquisition)';
  return acquisitionMs - frameReferenceMs + averageMs;
}

/** When the average count of an image without decay correction was taken. */
function meanCountMs(dataSet: DataSet, halfLifeMs: number): number | string {
  const acquisitionMs = acquisitionStartMs(dataSet);
  const averageMs = averageCountTimeMs(dataSet, halfLifeMs);
  if (acquisitionMs === undefined || averageMs === undefined) return 'no AcquisitionTime or ActualFrameDuration';
  return acquisitionMs + averageMs;
}

function acquisitionStartMs(dataSet: DataSet): number | undefined {
  return (
    dicomTimeMs(textOf(dataSet, 'x00080022'), textOf(dataSet, 'x00080032')) ?? dicomTimeMs(textOf(dataSet, 'x0008002a'))
  );
}

/** From the start of a frame to the moment whose count rate is the average of the frame. */
function averageCountTimeMs(dataSet: DataSet, halfLifeMs: number): number | undefined {
  const durationMs = decimalOf(dataSet, 'x00181242');
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

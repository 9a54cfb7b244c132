/** PET slices with their rescale changed so that it leads to SUV, where all of them allow it. */
import type { DicomSlice } from '../readDicomSlices.ts';

export type PetChoice = 'suv' | 'stored';

export interface PetScaled {
  readonly scaled: readonly DicomSlice[];
  /** What the values are: `SUVbw`, or the units of the file; '' when it is no PET. */
  readonly quantity: string;
  /** What was done or could not be done, for people; '' when the values are as stored and that is what one expects. */
  readonly note: string;
}

/** Factors of one acquisition agree better than this unless the images are not decay-corrected. */
const SAME_FACTOR = 1e-3;

export function petScaled(slices: readonly DicomSlice[], choice: PetChoice): PetScaled {
  const facts = slices.map(({ pet }) => pet);
  const [first] = facts;
  if (!first) return { scaled: slices, quantity: '', note: '' };
  const asStored = (note: string): PetScaled => ({ scaled: slices, quantity: first.units, note });
  if (choice === 'stored' && first.units !== 'GML') return asStored('');
  if (facts.some((pet) => pet?.units !== first.units)) return asStored('PET slices in different units stay as stored');
  const reason = facts.find((pet) => pet?.suvFactor === undefined)?.suvReason;
  if (reason !== undefined) return asStored(`PET values stay as stored (${first.units || 'unknown units'}): ${reason}`);
  const factors = facts.map((pet) => pet!.suvFactor!);
  const [lowest, highest] = [Math.min(...factors), Math.max(...factors)];
  if (!first.isDecaying && highest - lowest > SAME_FACTOR * highest)
    return asStored(`PET values stay as stored (${first.units}): the SUV factor differs from slice to slice`);
  if (highest === 1 && lowest === 1) return { scaled: slices, quantity: 'SUVbw', note: '' };
  const factorText = lowest === highest ? lowest.toPrecision(6) : `${lowest.toPrecision(6)} to ${highest.toPrecision(6)}`;
  return {
    scaled: slices.map((slice, n) => ({ ...slice, slope: slice.slope * factors[n]!, intercept: slice.intercept * factors[n]! })),
    quantity: 'SUVbw',
    note: `PET in ${first.units} was converted to SUV by body weight, factor ${factorText}`,
  };
}

/** A DICOM data set spelt with keywords, as writers like to read it, to the DICOM JSON model that `writeDicom` takes. */
import { attributeNamed } from './dicomDictionary.ts';
import type { DicomJson } from '../dicomReference.ts';

export type AttributeValue = string | number | Uint8Array | Attributes | readonly (string | number)[] | readonly Attributes[] | null | undefined;
/** By keyword (`PatientName`). `null` and `''` are written empty, `undefined` not at all; one item may stand for a sequence of one. */
export interface Attributes {
  readonly [keyword: string]: AttributeValue;
}

/**
 * Numbers of decimal strings are shortened to the 16 characters they may have. Throws for unknown keywords and for
 * numbers that are not finite.
 */
export function datasetOf(attributes: Attributes): DicomJson {
  const dataset: DicomJson = {};
  for (const [keyword, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const { tag, vr } = attributeNamed(keyword);
    dataset[tag] = { vr, Value: valuesOf(value).map((one) => elementValue(one, vr, keyword)) };
  }
  return dataset;
}

function valuesOf(value: Exclude<AttributeValue, undefined>): readonly (string | number | Uint8Array | Attributes)[] {
  if (value === null || value === '') return [];
  if (value instanceof Uint8Array) return [value];
  return Array.isArray(value) ? (value as readonly (string | number | Attributes)[]) : [value as string | number | Attributes];
}

function elementValue(value: string | number | Uint8Array | Attributes, vr: string, keyword: string): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${keyword} is ${value}`);
  if (vr === 'SQ') return datasetOf(value as Attributes);
  if (value instanceof Uint8Array) return Uint8Array.from(value).buffer;
  if (vr === 'DS' && typeof value === 'number') return decimalString(value);
  return vr === 'IS' ? String(value) : value;
}

const DECIMAL_STRING_CHARACTERS = 16;

/** The decimal string (PS3.5 6.2, at most 16 characters) that is nearest to a finite number. */
export function decimalString(value: number): string {
  const plain = String(value === 0 ? 0 : value);
  if (plain.length <= DECIMAL_STRING_CHARACTERS) return plain;
  for (let digits = DECIMAL_STRING_CHARACTERS; digits > 0; digits--) {
    const rounded = Number(value.toPrecision(digits));
    const shorter = [String(rounded), rounded.toExponential()].find(({ length }) => length <= DECIMAL_STRING_CHARACTERS);
    if (shorter !== undefined) return shorter;
  }
  throw new Error(`${value} does not fit a decimal string`);
}

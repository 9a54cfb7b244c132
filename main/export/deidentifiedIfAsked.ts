import { createHmac } from 'node:crypto';
import { deidentify, type DeidentifyOptions } from '../formats/dicom/deidentify/deidentify.ts';
import type { DeidentifyReport } from '../formats/dicom/deidentify/deidentifyReport.ts';
import type { DicomJson } from '../formats/dicom/dicomReference.ts';

/** Under the secret `key` of a project: UIDs and pseudonyms are the same in every export, and nobody else can make them. */
export const deidentifyUnder = (key: string, softwareVersion: string): DeidentifyOptions => ({
  hash: (text) => createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest(),
  softwareVersion,
});

export function deidentifiedIfAsked(
  dataset: DicomJson,
  options: DeidentifyOptions | null,
): { readonly dataset: DicomJson; readonly report?: DeidentifyReport } {
  return options ? deidentify(dataset, options) : { dataset };
}

/** What may travel: storage SOP classes (PS3.4 section B.5) and transfer syntaxes (PS3.5 section 10). */

export const VERIFICATION = '1.2.840.10008.1.1';
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const STORAGE_ROOT = '1.2.840.10008.5.1.4.1.1.';

/** In order of preference where a peer offers several in one context: explicit ones keep each element's type. */
const UNCOMPRESSED = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, '1.2.840.10008.1.2.1.99', '1.2.840.10008.1.2.2'];
/** JPEG, JPEG-LS, JPEG 2000, HTJ2K and RLE; no video. */
const COMPRESSED = [
  '1.2.840.10008.1.2.4.70',
  '1.2.840.10008.1.2.4.57',
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.80',
  '1.2.840.10008.1.2.4.81',
  '1.2.840.10008.1.2.4.90',
  '1.2.840.10008.1.2.4.91',
  '1.2.840.10008.1.2.4.201',
  '1.2.840.10008.1.2.4.202',
  '1.2.840.10008.1.2.4.203',
  '1.2.840.10008.1.2.5',
];
export const TRANSFER_SYNTAXES: readonly string[] = [...UNCOMPRESSED, ...COMPRESSED];

export const isStorageClass = (sopClassUid: string): boolean => sopClassUid.startsWith(STORAGE_ROOT);

/** The one of a context that we take, `null` for none. A sender that offers compression holds the object so. */
export function acceptedTransferSyntax(offered: readonly string[]): string | null {
  const compressed = offered.find((syntax) => COMPRESSED.includes(syntax));
  return compressed ?? UNCOMPRESSED.find((syntax) => offered.includes(syntax)) ?? null;
}

/** Images a segmentation can be of and what is derived from them: asked for when a node does not say what a series holds. */
export const USUAL_STORAGE_CLASSES: readonly string[] = [
  '2', // CT
  '2.1', // enhanced CT
  '4', // MR
  '4.1', // enhanced MR
  '128', // PET
  '130', // enhanced PET
  '20', // nuclear medicine
  '7', // secondary capture
  '66.4', // segmentation
  '481.3', // RT structure set
  '88.33', // comprehensive SR
].map((suffix) => `${STORAGE_ROOT}${suffix}`);

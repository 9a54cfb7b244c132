/** Encodings of pixel data (PS3.5 annex A and PS3.6 annex A): which can be read, and how they are called. */

export type PixelEncoding = 'native' | 'rle' | 'jpeg' | 'jpegLs' | 'jpeg2000' | 'htj2k';

export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
export const DEFLATED = '1.2.840.10008.1.2.1.99';
export const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';

/** Every transfer syntax whose pixels can be decoded. */
export const TRANSFER_SYNTAXES: Readonly<Record<string, { readonly name: string; readonly encoding: PixelEncoding }>> = {
  [IMPLICIT_LITTLE_ENDIAN]: { name: 'Implicit VR Little Endian', encoding: 'native' },
  [EXPLICIT_LITTLE_ENDIAN]: { name: 'Explicit VR Little Endian', encoding: 'native' },
  [DEFLATED]: { name: 'Deflated Explicit VR Little Endian', encoding: 'native' },
  [EXPLICIT_BIG_ENDIAN]: { name: 'Explicit VR Big Endian', encoding: 'native' },
  '1.2.840.10008.1.2.5': { name: 'RLE', encoding: 'rle' },
  '1.2.840.10008.1.2.4.50': { name: 'JPEG baseline', encoding: 'jpeg' },
  '1.2.840.10008.1.2.4.51': { name: 'JPEG extended', encoding: 'jpeg' },
  '1.2.840.10008.1.2.4.57': { name: 'JPEG lossless', encoding: 'jpeg' },
  '1.2.840.10008.1.2.4.70': { name: 'JPEG lossless, first-order prediction', encoding: 'jpeg' },
  '1.2.840.10008.1.2.4.80': { name: 'JPEG-LS lossless', encoding: 'jpegLs' },
  '1.2.840.10008.1.2.4.81': { name: 'JPEG-LS near-lossless', encoding: 'jpegLs' },
  '1.2.840.10008.1.2.4.90': { name: 'JPEG 2000 lossless', encoding: 'jpeg2000' },
  '1.2.840.10008.1.2.4.91': { name: 'JPEG 2000', encoding: 'jpeg2000' },
  '1.2.840.10008.1.2.4.201': { name: 'High-Throughput JPEG 2000 lossless', encoding: 'htj2k' },
  '1.2.840.10008.1.2.4.202': { name: 'High-Throughput JPEG 2000 lossless, RPCL', encoding: 'htj2k' },
  '1.2.840.10008.1.2.4.203': { name: 'High-Throughput JPEG 2000', encoding: 'htj2k' },
};

/** Those we know by name and do not read. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113619.5.2': 'GE private, big-endian pixels in an implicit data set',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 multi-component lossless',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 multi-component',
  '1.2.840.10008.1.2.4.94': 'JPIP, pixels on a server',
  '1.2.840.10008.1.2.4.95': 'JPIP, pixels on a server',
  '1.2.840.10008.1.2.4.100': 'MPEG-2 video',
  '1.2.840.10008.1.2.4.101': 'MPEG-2 video',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 video',
  '1.2.840.10008.1.2.4.103': 'MPEG-4 video',
  '1.2.840.10008.1.2.4.107': 'HEVC video',
  '1.2.840.10008.1.2.4.108': 'HEVC video',
  '1.2.840.10008.1.2.4.110': 'JPEG XL lossless',
  '1.2.840.10008.1.2.4.111': 'JPEG XL recompression',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.8.1': 'deflated frames',
};

export function isUncompressed(transferSyntaxUid: string): boolean {
  return TRANSFER_SYNTAXES[transferSyntaxUid]?.encoding === 'native';
}

/** e.g. `JPEG 2000 lossless (1.2.840.10008.1.2.4.90)`. */
export function transferSyntaxName(transferSyntaxUid: string): string {
  const name = TRANSFER_SYNTAXES[transferSyntaxUid]?.name ?? OTHER_NAMES[transferSyntaxUid];
  return name ? `${name} (${transferSyntaxUid})` : `transfer syntax ${transferSyntaxUid}`;
}

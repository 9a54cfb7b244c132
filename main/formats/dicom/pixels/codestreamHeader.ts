/**
 * What a compressed frame says about itself. Read before a codec sees the bytes: the codecs allocate and copy by these
 * numbers, and a codestream of another size than the image would leave pixels of something else.
 */

export interface CodestreamHeader {
  readonly rows: number;
  readonly columns: number;
  readonly bitsPerSample: number;
  readonly components: number;
  /** Only JPEG 2000 can say so. */
  readonly isSigned: boolean;
}

const START_OF_IMAGE = 0xd8;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const MAX_TILES = 65_535;

/** JPEG (ISO 10918-1 B.2) and JPEG-LS (ISO 14495-1 C.2). A string says why it cannot be read. */
export function readJpegHeader(bytes: Uint8Array): CodestreamHeader | string {
  if (bytes[0] !== 0xff || bytes[1] !== START_OF_IMAGE) return 'no start of an image';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return 'something between its segments';
    const marker = bytes[at + 1]!;
    // 0xff may be repeated
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === START_OF_SCAN || marker === END_OF_IMAGE) break;
    const isFrame = (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7;
    if (isFrame) {
      if (at + 10 > bytes.length) break;
      return { bitsPerSample: bytes[at + 4]!, rows: view.getUint16(at + 5), columns: view.getUint16(at + 7), components: bytes[at + 9]!, isSigned: false };
    }
    at += 2 + view.getUint16(at + 2);
  }
  return 'no frame header';
}

/** JPEG 2000 and High-Throughput JPEG 2000 (ISO 15444-1 A.5), bare or in a JP2 file. Also counts its tile parts. */
export function readJpeg2000Header(bytes: Uint8Array): CodestreamHeader | string {
  const start = codestreamStart(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (start === null || start + 45 > bytes.length || view.getUint32(start) !== 0xff4fff51) return 'no codestream';
  const [right, bottom, left, top, tileWidth, tileHeight, tileLeft, tileTop] = Array.from({ length: 8 }, (_, n) => view.getUint32(start + 8 + 4 * n)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const components = view.getUint16(start + 40);
  const depth = bytes[start + 42]!;
  if (right <= left || bottom <= top || tileWidth === 0 || tileHeight === 0) return 'an empty image';
  if (bytes[start + 43] !== 1 || bytes[start + 44] !== 1) return 'a subsampled component';
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  if (!(tiles > 0 && tiles <= MAX_TILES)) return `${tiles} tiles`;
  return (
    missingTilePart(bytes, view, start) ?? { rows: bottom - top, columns: right - left, bitsPerSample: (depth & 0x7f) + 1, components, isSigned: depth >= 0x80 }
  );
}

function codestreamStart(bytes: Uint8Array): number | null {
  if (bytes[0] === 0xff) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length;) {
    const boxBytes = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x6a703263) return at + 8;
    if (boxBytes < 8) return null;
    at += boxBytes;
  }
  return null;
}

/** Codecs fill what a cut codestream lacks without a word; the lengths of its tile parts tell. */
function missingTilePart(bytes: Uint8Array, view: DataView, start: number): string | null {
  let at = start + 2;
  while (at + 4 <= bytes.length && view.getUint16(at) !== 0xff90) {
    if (bytes[at] !== 0xff) return 'a damaged main header';
    at += 2 + view.getUint16(at + 2);
  }
  let parts = 0;
  while (at + 12 <= bytes.length && view.getUint16(at) === 0xff90) {
    const partBytes = view.getUint32(at + 6);
    if (partBytes === 0) return null; // up to the end
    if (partBytes < 14) return 'a damaged tile part';
    if (at + partBytes > bytes.length) return `tile part ${parts + 1} cut off, ${at + partBytes - bytes.length} bytes missing`;
    at += partBytes;
    parts++;
  }
  return parts === 0 ? 'no tile' : null;
}

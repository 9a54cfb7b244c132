/** PNG of 8 bits a channel (ISO 15948): signature, IHDR, a palette where there is one, one IDAT, IEND. */
import { deflateSync } from 'node:zlib';

/** `pixels` row by row, three bytes a pixel, or four with alpha (not premultiplied). */
export function encodePng(pixels: Uint8Array, width: number, height: number, bytesPerPixel: 3 | 4 = 3): Uint8Array {
  return pngFile(pixels, width, height, bytesPerPixel, bytesPerPixel === 4 ? 6 : 2, []);
}

/** `indices` into `palette`, row by row; of the palette three bytes a colour, at most 256 colours. */
export function encodePalettePng(indices: Uint8Array, palette: Uint8Array, width: number, height: number): Uint8Array {
  return pngFile(indices, width, height, 1, 3, [chunk('PLTE', palette)]);
}

function pngFile(
  pixels: Uint8Array,
  width: number,
  height: number,
  bytesPerPixel: number,
  colourType: number,
  beforePixels: readonly Uint8Array[],
): Uint8Array {
  const rowBytes = width * bytesPerPixel;
  if (pixels.length !== rowBytes * height) throw new RangeError(`${pixels.length} bytes for ${width} × ${height} pixels`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colourType, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + rowBytes)); // each row begins with its filter: 0, none
  for (let row = 0; row < height; row++) rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (1 + rowBytes) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), ...beforePixels, chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** Own: `zlib.crc32` is younger than the oldest Node we run in. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

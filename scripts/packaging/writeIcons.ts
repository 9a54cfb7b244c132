/** The program's icon by formula: a mask on its way round a loop. As PNG in the sizes that systems ask for, as ICO and as ICNS. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng } from '../../main/export/evaluation/png.ts';

const SIZES = [16, 32, 48, 64, 128, 256, 512] as const;
/** Windows shows none larger. */
const ICO_SIZES = [16, 32, 48, 64, 128, 256] as const;
/** Apple's types for PNG images of these sizes. */
const ICNS_TYPES = { ic07: 128, ic08: 256, ic09: 512, ic11: 32, ic12: 64 } as const;

const GROUND = [20, 23, 26] as const;
const RING = [86, 180, 233] as const;
const MASK = [213, 94, 0] as const;

/** Writes `png/16x16.png` …, `icon.ico` and `icon.icns` into `folder`. */
export function writeIcons(folder: string): void {
  const drawn = new Map<number, Uint8Array>(SIZES.map((size) => [size, drawIcon(size)]));
  const pngOf = (size: number): Uint8Array => drawn.get(size)!;
  mkdirSync(join(folder, 'png'), { recursive: true });
  for (const size of SIZES) writeFileSync(join(folder, 'png', `${size}x${size}.png`), pngOf(size));
  writeFileSync(join(folder, 'icon.ico'), icoOf(ICO_SIZES.map((size) => ({ size, png: pngOf(size) }))));
  writeFileSync(join(folder, 'icon.icns'), icnsOf(Object.entries(ICNS_TYPES).map(([type, size]) => ({ type, png: pngOf(size) }))));
}

/** A dark tile with round corners, a ring, and a disc on the ring. */
function drawIcon(size: number): Uint8Array {
  const pixels = new Uint8Array(size * size * 4);
  /** How much of a pixel lies within, by the signed distance of its middle to the edge, in parts of the tile. */
  const coverage = (distance: number): number => Math.min(1, Math.max(0, 0.5 - distance * size));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [(column + 0.5) / size - 0.5, (row + 0.5) / size - 0.5];
      const corner = Math.hypot(Math.max(0, Math.abs(x) - 0.29), Math.max(0, Math.abs(y) - 0.29)) - 0.19;
      const ring = coverage(Math.abs(Math.hypot(x, y) - 0.25) - 0.05);
      const disc = coverage(Math.hypot(x - 0.177, y + 0.177) - 0.12);
      const at = 4 * (row * size + column);
      for (let c = 0; c < 3; c++) pixels[at + c] = mixed(mixed(GROUND[c]!, RING[c]!, ring), MASK[c]!, disc);
      pixels[at + 3] = Math.round(255 * coverage(corner));
    }
  }
  return encodePng(pixels, size, size, 4);
}

const mixed = (below: number, above: number, part: number): number => Math.round(below + (above - below) * part);

/** ICONDIR, one ICONDIRENTRY for each image, then the PNG files. A size of 256 is written as 0. */
function icoOf(images: readonly { readonly size: number; readonly png: Uint8Array }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [n, { size, png }] of images.entries()) {
    const entry = 6 + 16 * n;
    head[entry] = head[entry + 1] = size % 256;
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(png.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/** `icns`, the length of all of it, then type, length and PNG of each image; big endian. */
function icnsOf(images: readonly { readonly type: string; readonly png: Uint8Array }[]): Buffer {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(head.length + data.length, 4);
    return Buffer.concat([head, data]);
  };
  return chunk('icns', Buffer.concat(images.map(({ type, png }) => chunk(type, png))));
}

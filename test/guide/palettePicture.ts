/** Pictures for documents: at most 256 colours, a third of the bytes of a screenshot. */
import { inflateSync } from 'node:zlib';
import { encodePalettePng } from '../../main/export/evaluation/png.ts';

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Row by row, 0xRRGGBB. */
  readonly colours: Uint32Array;
}

/** Colours that are seen often keep their own place; what is rarer takes the mean of its like. */
const MOST_COLOURS = 256;

/** `png` as Playwright makes it: 8 bits, RGB or RGBA, not interlaced. Throws RangeError for another. */
export function toPalettePng(png: Buffer): Uint8Array {
  const { width, height, colours } = readPng(png);
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const boxes = splitByMedian([...counts], MOST_COLOURS);
  const palette = new Uint8Array(boxes.length * 3);
  const indexOf = new Map<number, number>();
  boxes.forEach((box, index) => {
    palette.set(meanOf(box), index * 3);
    for (const [colour] of box) indexOf.set(colour, index);
  });
  return encodePalettePng(
    Uint8Array.from(colours, (colour) => indexOf.get(colour)!),
    palette,
    width,
    height,
  );
}

/** Share of a coarse grid (`columns` by `rows` fields of mean brightness) in which two pictures differ by more than `tolerance` of 255. */
export function coarseDifference(one: Buffer, other: Buffer, columns: number, rows: number, tolerance: number): number {
  const [a, b] = [one, other].map((png) => fieldsOf(readPng(png), columns, rows));
  return a!.filter((value, n) => Math.abs(value - b![n]!) > tolerance).length / a!.length;
}

type Counted = readonly [colour: number, count: number];
const channelOf = (colour: number, channel: number): number => (colour >> (16 - 8 * channel)) & 255;

/** The box whose colours lie farthest apart, weighted by the root of its pixels, is cut where half of its pixels are. */
function splitByMedian(all: Counted[], most: number): Counted[][] {
  const boxes = [widthOf(all)];
  while (boxes.length < most) {
    boxes.sort((a, b) => a.weight - b.weight);
    if (boxes.at(-1)!.weight === 0) break;
    const { colours, channel, pixels } = boxes.pop()!;
    colours.sort(([a], [b]) => channelOf(a, channel) - channelOf(b, channel));
    let [at, seen] = [0, 0];
    while (at < colours.length - 2 && seen + colours[at]![1] <= pixels / 2) seen += colours[at++]![1];
    boxes.push(widthOf(colours.slice(0, at + 1)), widthOf(colours.slice(at + 1)));
  }
  return boxes.map(({ colours }) => colours);
}

function widthOf(colours: Counted[]): { colours: Counted[]; channel: number; pixels: number; weight: number } {
  const [low, high] = [
    [255, 255, 255],
    [0, 0, 0],
  ];
  let pixels = 0;
  for (const [colour, count] of colours) {
    pixels += count;
    for (let channel = 0; channel < 3; channel++) {
      low[channel] = Math.min(low[channel]!, channelOf(colour, channel));
      high[channel] = Math.max(high[channel]!, channelOf(colour, channel));
    }
  }
  const widths = high.map((value, channel) => value - low[channel]!);
  const width = Math.max(...widths);
  return { colours, channel: widths.indexOf(width), pixels, weight: colours.length < 2 ? 0 : width * Math.sqrt(pixels) };
}

function meanOf(box: readonly Counted[]): number[] {
  const pixels = box.reduce((sum, [, count]) => sum + count, 0);
  return [0, 1, 2].map((channel) => Math.round(box.reduce((sum, [colour, count]) => sum + channelOf(colour, channel) * count, 0) / pixels));
}

function fieldsOf({ width, height, colours }: Pixels, columns: number, rows: number): number[] {
  const [sums, counts] = [new Float64Array(columns * rows), new Float64Array(columns * rows)];
  colours.forEach((colour, n) => {
    const field = Math.floor((Math.floor(n / width) * rows) / height) * columns + Math.floor(((n % width) * columns) / width);
    sums[field]! += (channelOf(colour, 0) + channelOf(colour, 1) + channelOf(colour, 2)) / 3;
    counts[field]!++;
  });
  return [...sums].map((sum, field) => sum / counts[field]!);
}

/** Width and height as its header says. */
export const pngSize = (png: Buffer): readonly [width: number, height: number] => [png.readUInt32BE(16), png.readUInt32BE(20)];

/** Also of a palette, as `toPalettePng` writes it. */
function readPng(png: Buffer): Pixels {
  const [width, height] = pngSize(png);
  const bytesPerPixel = ({ 2: 3, 3: 1, 6: 4 } as Record<number, number>)[png[25]!];
  if (bytesPerPixel === undefined || png[24] !== 8 || png[28] !== 0) throw new RangeError(`colour type ${png[25]}, ${png[24]} bits, interlaced ${png[28]}`);
  const parts: Buffer[] = [];
  let palette: Buffer = Buffer.alloc(0);
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const [type, data] = [png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + png.readUInt32BE(at))];
    if (type === 'IDAT') parts.push(data);
    if (type === 'PLTE') palette = data;
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), width * bytesPerPixel, bytesPerPixel);
  const rgbAt = (n: number): number =>
    bytesPerPixel === 1
      ? palette.readUIntBE(bytes[n]! * 3, 3)
      : (bytes[n * bytesPerPixel]! << 16) | (bytes[n * bytesPerPixel + 1]! << 8) | bytes[n * bytesPerPixel + 2]!;
  return { width, height, colours: Uint32Array.from({ length: width * height }, (_, n) => rgbAt(n)) };
}

/** ISO 15948, 9: each row says how it was made from its neighbours to the left (a), above (b) and both (c). */
function unfiltered(rows: Buffer, rowBytes: number, bytesPerPixel: number): Uint8Array {
  const count = rows.length / (rowBytes + 1);
  const out = new Uint8Array(count * rowBytes);
  for (let row = 0; row < count; row++) {
    const filter = rows[row * (rowBytes + 1)]!;
    for (let x = 0; x < rowBytes; x++) {
      const at = row * rowBytes + x;
      const a = x >= bytesPerPixel ? out[at - bytesPerPixel]! : 0;
      const b = row > 0 ? out[at - rowBytes]! : 0;
      const c = x >= bytesPerPixel && row > 0 ? out[at - rowBytes - bytesPerPixel]! : 0;
      out[at] = rows[row * (rowBytes + 1) + 1 + x]! + predicted(filter, a, b, c);
    }
  }
  return out;
}

function predicted(filter: number, a: number, b: number, c: number): number {
  if (filter === 1) return a;
  if (filter === 2) return b;
  if (filter === 3) return (a + b) >> 1;
  if (filter !== 4) return 0;
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** Labels to the frames of a segmentation object; planes in which nothing is labelled are left out. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';

export interface LabelFrame {
  /** Slice of the grid. */
  readonly k: number;
  /** For BINARY: the only label of the frame. */
  readonly labelValue?: number;
}

export interface EncodedFrames {
  readonly frames: readonly LabelFrame[];
  readonly bytes: Uint8Array;
  readonly allocatedBits: 1 | 8 | 16;
}

const LARGEST_BYTE = 255;

/**
 * One bit a voxel, a frame for each label and slice where it occurs: label by label as `labelValues` has them, slices
 * ascending. An empty map gives one empty frame, because there is no object without.
 */
export function binaryFrames(labels: LabelArray, pixels: number, labelValues: readonly number[]): EncodedFrames {
  const sliceCount = labels.length / pixels;
  const occurs = Array.from({ length: sliceCount }, (_, k) => valuesIn(labels, k * pixels, pixels));
  const frames = labelValues.flatMap((labelValue) => occurs.flatMap((values, k): LabelFrame[] => (values.has(labelValue) ? [{ k, labelValue }] : [])));
  if (frames.length === 0) frames.push({ k: 0, labelValue: labelValues[0]! });
  const framesOfSlice: (readonly [number, number])[][] = Array.from({ length: sliceCount }, () => []);
  frames.forEach(({ k, labelValue }, frame) => framesOfSlice[k]!.push([labelValue!, frame]));
  const bytes = new Uint8Array(Math.ceil((frames.length * pixels) / 8));
  const frameOfValue = new Int32Array(65_536).fill(-1);
  framesOfSlice.forEach((present, k) => {
    for (const [labelValue, frame] of present) frameOfValue[labelValue] = frame;
    packSlice(labels, k * pixels, pixels, frameOfValue, bytes);
    for (const [labelValue] of present) frameOfValue[labelValue] = -1;
  });
  return { frames, bytes, allocatedBits: 1 };
}

/** Sets the bit of every labelled voxel in the frame of its label; the first pixel is the lowest bit, frames are not padded (PS3.5 8.1.1). */
function packSlice(labels: LabelArray, from: number, pixels: number, frameOfValue: Int32Array, bytes: Uint8Array): void {
  for (let n = 0; n < pixels; n++) {
    const value = labels[from + n]!;
    if (value === 0) continue;
    const frame = frameOfValue[value]!;
    if (frame < 0) continue;
    // more bits than 32-bit numbers count
    const firstBit = frame * pixels + n;
    bytes[Math.floor(firstBit / 8)]! |= 1 << (firstBit % 8);
  }
}

/** The labels themselves, in 8 bits where they fit. Labels beyond `labelValues` are none. */
export function labelmapFrames(labels: LabelArray, pixels: number, labelValues: readonly number[]): EncodedFrames {
  const isWanted = new Uint8Array(65_536);
  for (const value of labelValues) isWanted[value] = 1;
  const sliceCount = labels.length / pixels;
  const frames: LabelFrame[] = [];
  for (let k = 0; k < sliceCount; k++) {
    if ([...valuesIn(labels, k * pixels, pixels)].some((value) => isWanted[value])) frames.push({ k });
  }
  if (frames.length === 0) frames.push({ k: 0 });
  const isWide = labelValues.some((value) => value > LARGEST_BYTE);
  const kept = isWide ? new Uint16Array(frames.length * pixels) : new Uint8Array(frames.length * pixels);
  frames.forEach(({ k }, frame) => {
    const [from, to] = [k * pixels, frame * pixels];
    for (let n = 0; n < pixels; n++) {
      const value = labels[from + n]!;
      kept[to + n] = isWanted[value] ? value : 0;
    }
  });
  return { frames, bytes: new Uint8Array(kept.buffer), allocatedBits: isWide ? 16 : 8 };
}

function valuesIn(labels: LabelArray, from: number, count: number): Set<number> {
  const values = new Set<number>();
  let last = 0;
  for (let n = from; n < from + count; n++) {
    const value = labels[n]!;
    if (value === last || value === 0) continue;
    values.add(value);
    last = value;
  }
  return values;
}

/**
 * What an edit changed in one slice across k: varints of gap, length, label before and label after for each run of voxels
 * that had one label and got one label. A painted disc is a few bytes for each row, whatever the volume.
 */
import type { LabelArray } from '../labelSlots.ts';

export interface SliceDelta {
  readonly k: number;
  readonly runs: Uint8Array;
}

const MOST_BYTES_OF_A_RUN = 16;
let scratch = new Uint8Array(1 << 16);

function writeVarint(at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest > 127) {
    scratch[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  scratch[next++] = rest;
  return next;
}

function roomFor(end: number): void {
  if (end <= scratch.length) return;
  const wider = new Uint8Array(2 * end);
  wider.set(scratch);
  scratch = wider;
}

/** Compares two pictures of a slice from `from` up to, not including, `to`. Null when they are the same. */
export function sliceDelta(k: number, before: LabelArray, after: LabelArray, from: number, to: number): SliceDelta | null {
  let at = 0;
  let end = 0;
  for (let n = from; n < to; n++) {
    const was = before[n]!;
    const is = after[n]!;
    if (was === is) continue;
    const start = n;
    while (n + 1 < to && before[n + 1] === was && after[n + 1] === is) n++;
    roomFor(at + MOST_BYTES_OF_A_RUN);
    at = writeVarint(at, start - end);
    at = writeVarint(at, n + 1 - start);
    at = writeVarint(at, was);
    at = writeVarint(at, is);
    end = n + 1;
  }
  return at === 0 ? null : { k, runs: scratch.slice(0, at) };
}

/** Calls `visit` for each run: offset in the slice, length, label before, label after. */
export function forEachRun({ runs }: SliceDelta, visit: (start: number, length: number, before: number, after: number) => void): void {
  let at = 0;
  let end = 0;
  const read = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = runs[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < runs.length) {
    const start = end + read();
    const length = read();
    const before = read();
    visit(start, length, before, read());
    end = start + length;
  }
}

/** Writes what was, or what became, into the volume. */
export function applyDelta(delta: SliceDelta, voxels: LabelArray, sliceLength: number, which: 'before' | 'after'): void {
  const offset = delta.k * sliceLength;
  forEachRun(delta, (start, length, before, after) => voxels.fill(which === 'before' ? before : after, offset + start, offset + start + length));
}

/** The same change in other numbers. */
export function renumbered(delta: SliceDelta, numberOf: (label: number) => number): SliceDelta {
  let at = 0;
  let end = 0;
  forEachRun(delta, (start, length, before, after) => {
    roomFor(at + MOST_BYTES_OF_A_RUN);
    at = writeVarint(at, start - end);
    at = writeVarint(at, length);
    at = writeVarint(at, numberOf(before));
    at = writeVarint(at, numberOf(after));
    end = start + length;
  });
  return { k: delta.k, runs: scratch.slice(0, at) };
}

/** Images of one plane orientation to groups in which every position is occupied once. */
import type { FrameHeader } from './frameHeader.ts';
import { cross, dot, isVector, unit } from '../../../imaging/vectors.ts';

export interface Contrast {
  readonly frames: readonly FrameHeader[];
  /** e.g. `b=800`, `echo 2, phase`; '' when nothing had to be told apart. */
  readonly name: string;
  readonly why: string;
}

/** Something in the header that may tell images at one position apart. */
interface Factor {
  /** In the plural, for the reason. */
  readonly what: string;
  readonly valueOf: (frame: FrameHeader) => number | string | undefined;
  /** Name of a group; `rank` counts the values from 1 in ascending order. */
  readonly nameOf: (value: number | string, rank: number) => string;
}

/** Scanners write what was meant as 1000 as 999.9998, and differently from slice to slice. */
const rounded = (value: number | undefined, parts: number) => (value === undefined ? undefined : Math.round(value * parts) / parts);

const FACTORS: readonly Factor[] = [
  { what: 'b-values', valueOf: ({ bValue }) => rounded(bValue, 1), nameOf: (value) => `b=${value}` },
  { what: 'echoes', valueOf: ({ echoNumber }) => echoNumber, nameOf: (value) => `echo ${value}` },
  { what: 'echo times', valueOf: ({ echoTimeMs }) => rounded(echoTimeMs, 100), nameOf: (value) => `TE ${value} ms` },
  { what: 'image types', valueOf: ({ imageType }) => imageType || undefined, nameOf: (value) => String(value) },
  { what: 'inversion times', valueOf: ({ inversionTimeMs }) => rounded(inversionTimeMs, 1), nameOf: (value) => `TI ${value} ms` },
  { what: 'time points', valueOf: ({ temporalIndex }) => temporalIndex, nameOf: (value) => `time ${value}` },
  { what: 'cardiac phases', valueOf: ({ triggerTimeMs }) => triggerTimeMs, nameOf: (_, rank) => `phase ${rank}` },
  { what: 'gradient directions', valueOf: ({ gradient }) => gradient, nameOf: (_, rank) => `direction ${rank}` },
  { what: 'acquisitions', valueOf: ({ acquisitionNumber }) => acquisitionNumber, nameOf: (value) => `acquisition ${value}` },
  { what: 'frame times', valueOf: ({ frameReferenceMs }) => frameReferenceMs, nameOf: (_, rank) => `time ${rank}` },
  { what: 'acquisition times', valueOf: ({ acquisitionTime }) => acquisitionTime, nameOf: (_, rank) => `time ${rank}` },
  { what: 'content times', valueOf: ({ contentTime }) => contentTime, nameOf: (_, rank) => `time ${rank}` },
];

/** Told apart by order alone when no value does: the n-th image taken at each position. */
const ORDERS: readonly Factor[] = [
  { what: 'cardiac phases', valueOf: ({ triggerTimeMs }) => triggerTimeMs, nameOf: (_, rank) => `phase ${rank}` },
  { what: 'images taken one after another', valueOf: ({ acquisitionTime }) => acquisitionTime, nameOf: (_, rank) => `time ${rank}` },
  { what: 'images made one after another', valueOf: ({ contentTime }) => contentTime, nameOf: (_, rank) => `time ${rank}` },
  { what: 'images that only their number tells apart', valueOf: ({ instanceNumber }) => instanceNumber, nameOf: (_, rank) => `repeat ${rank}` },
];

type Places = ReadonlyMap<FrameHeader, number>;

/** Frames must share size, spacing and orientation. What nothing tells apart stays together (and is refused later). */
export function contrastsOf(frames: readonly FrameHeader[]): Contrast[] {
  const places = placesOf(frames);
  if (!places || mostAtOnePlace(frames, places) <= 1) return [{ frames, name: '', why: '' }];
  // one reason for all is the likeliest, and gives the shortest name
  for (const factor of FACTORS) {
    const parts = partsBy(factor, frames, places);
    if (parts?.every((part) => mostAtOnePlace(part.frames, places) === 1)) return parts;
  }
  return splitStepwise({ frames, name: '', why: '' }, FACTORS, places);
}

function splitStepwise(whole: Contrast, factors: readonly Factor[], places: Places): Contrast[] {
  if (mostAtOnePlace(whole.frames, places) <= 1) return [whole];
  for (const [n, factor] of factors.entries()) {
    const parts = partsBy(factor, whole.frames, places);
    if (parts) return parts.flatMap((part) => splitStepwise(below(whole, part), factors.slice(n + 1), places));
  }
  for (const order of ORDERS) {
    const parts = partsByOrder(order, whole.frames, places);
    if (parts) return parts.map((part) => below(whole, part));
  }
  return [whole];
}

function below(whole: Contrast, part: Contrast): Contrast {
  const join = (a: string, b: string) => (a ? `${a}, ${b}` : b);
  return { frames: part.frames, name: join(whole.name, part.name), why: join(whole.why, part.why) };
}

/**
 * Groups of equal value, ascending, those without a value last; `null` when the factor does not tell apart images of one place. A value that differs
 * from slice to slice (a time of day) has more values than one place has images: it explains nothing and is passed over.
 */
function partsBy(factor: Factor, frames: readonly FrameHeader[], places: Places): Contrast[] | null {
  const groups = new Map<number | string | undefined, FrameHeader[]>();
  for (const frame of frames) {
    const value = factor.valueOf(frame);
    const group = groups.get(value);
    if (group) group.push(frame);
    else groups.set(value, [frame]);
  }
  const most = mostAtOnePlace(frames, places);
  if (groups.size < 2 || groups.size > most) return null;
  if (![...groups.values()].every((group) => mostAtOnePlace(group, places) < most)) return null;
  const values = [...groups.keys()].sort(byValue);
  const names = factor.what === 'image types' ? shortImageTypes(values) : undefined;
  const why = `${groups.size} ${factor.what} at the same positions`;
  return values.map((value, n) => ({
    frames: groups.get(value)!,
    name: names?.[n] ?? (value === undefined ? `no ${factor.what}` : factor.nameOf(value, n + 1)),
    why,
  }));
}

/** Only when every place holds equally many images, each with a value of its own: else the n-th of two places differ. */
function partsByOrder(order: Factor, frames: readonly FrameHeader[], places: Places): Contrast[] | null {
  const byPlace = new Map<number, FrameHeader[]>();
  for (const frame of frames) {
    const here = byPlace.get(places.get(frame)!);
    if (here) here.push(frame);
    else byPlace.set(places.get(frame)!, [frame]);
  }
  const most = mostAtOnePlace(frames, places);
  for (const here of byPlace.values()) {
    const values = new Set(here.map(order.valueOf));
    if (here.length !== most || values.size !== most || values.has(undefined)) return null;
    here.sort((a, b) => byValue(order.valueOf(a), order.valueOf(b)));
  }
  return Array.from({ length: most }, (_, n) => ({
    frames: [...byPlace.values()].map((here) => here[n]!),
    name: order.nameOf('', n + 1),
    why: `${most} ${order.what} at each position`,
  }));
}

function byValue(a: number | string | undefined, b: number | string | undefined): number {
  if (a === b) return 0;
  return a! < b! ? -1 : 1;
}

/** Image types without the parts that all of them share, e.g. `W` and `F`. */
function shortImageTypes(values: readonly (number | string | undefined)[]): string[] {
  const types = values.map((value) => (value === undefined ? [] : String(value).split('\\')));
  return types.map((type) => {
    const own = type.filter((part) => !types.every((other) => other.includes(part)));
    return own.join(' ').toLowerCase() || 'other type';
  });
}

/** A number for each place; frames at one place share it. `null` when a frame has no place. */
function placesOf(frames: readonly FrameHeader[]): Places | null {
  const [first] = frames;
  if (!first || !isVector(first.orientation, 6)) return null;
  const [row, column] = [unit(first.orientation.slice(0, 3)), unit(first.orientation.slice(3, 6))];
  if (!row || !column || frames.some(({ positionLpsMm }) => !isVector(positionLpsMm, 3))) return null;
  const normal = cross(row, column);
  const depth = (frame: FrameHeader) => dot(frame.positionLpsMm!, normal);
  const sorted = frames.map((frame) => ({ frame, depthMm: depth(frame) })).sort((a, b) => a.depthMm - b.depthMm);
  const toleranceMm = samePlaceMm(first.pixelSpacingMm);
  const places = new Map<FrameHeader, number>();
  let [place, startMm] = [0, -Infinity];
  for (const { frame, depthMm } of sorted) {
    if (depthMm - startMm > toleranceMm) {
      place++;
      startMm = depthMm;
    }
    places.set(frame, place);
  }
  return places;
}

/** Slices nearer than this along their normal lie at one position: no real stack is so fine. */
export function samePlaceMm(pixelSpacingMm: readonly number[] | undefined): number {
  const smallest = Math.min(...(pixelSpacingMm ?? []).filter((mm) => mm > 0));
  return Math.max(1e-3, Number.isFinite(smallest) ? 0.02 * smallest : 0);
}

function mostAtOnePlace(frames: readonly FrameHeader[], places: Places): number {
  const counts = new Map<number, number>();
  let most = 0;
  for (const frame of frames) {
    const place = places.get(frame)!;
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    most = Math.max(most, count);
  }
  return most;
}

/**
 * What a journal of strokes holds: the differences of the history as they are, behind a few words in JSON. One entry: bytes of
 * the JSON (uint32, little endian), JSON, and the runs of its slices one behind the other.
 */
import { z } from 'zod';
import { Completeness } from '../../../main/contract/completeness.ts';
import type { SliceDelta } from './sliceDelta.ts';

/** Of each number in the runs its label value; `null`: they are label values. */
const LabelValues = z.array(z.int().nonnegative()).nullable();
const Slices = z.array(z.tuple([z.int().nonnegative(), z.int().nonnegative()]));

/** `slices`: k and bytes of the runs. */
const EntryHead = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('step'),
    /** For the user, as in the history. */ name: z.string(),
    way: z.enum(['after', 'before']),
    labelValues: LabelValues,
    slices: Slices,
  }),
  z.object({ kind: z.literal('unfinished'), labelValues: LabelValues, slices: Slices }),
  z.object({ kind: z.literal('completeness'), completeness: Completeness }),
]);
type EntryHead = z.infer<typeof EntryHead>;

interface ChangedVoxels {
  readonly labelValues: readonly number[] | null;
  readonly slices: readonly SliceDelta[];
}

export type StrokeEntry =
  /** `before`: the step was taken back. */
  | ({ readonly kind: 'step'; readonly way: 'after' | 'before'; readonly name: string } & ChangedVoxels)
  /** A stroke that is still being drawn, as far as it is. The next entry that changes voxels stands in its place. */
  | ({ readonly kind: 'unfinished' } & ChangedVoxels)
  | { readonly kind: 'completeness'; readonly completeness: Completeness };

export type MaskChange = Exclude<StrokeEntry, { kind: 'completeness' }>;

/** Bytes of the entry, to be put one behind the other; the runs are not copied. */
export function encodeEntry(entry: StrokeEntry): Uint8Array<ArrayBuffer>[] {
  const runs = entry.kind === 'completeness' ? [] : entry.slices.map((slice) => slice.runs as Uint8Array<ArrayBuffer>);
  const head = new TextEncoder().encode(JSON.stringify(headOf(entry)));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length, true);
  return [length, head, ...runs];
}

function headOf(entry: StrokeEntry): EntryHead {
  if (entry.kind === 'completeness') return entry;
  const { slices, labelValues, ...rest } = entry;
  return { ...rest, labelValues: labelValues && [...labelValues], slices: slices.map(({ k, runs }) => [k, runs.length]) };
}

/** Throws where the bytes are no entries: what a server returned was whole, so this is a defect and not a torn file. */
export function decodeEntries(bytes: Uint8Array): StrokeEntry[] {
  const entries: StrokeEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`an entry of a journal ends ${at + length - bytes.length} bytes beyond it`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    take(4);
    const head = EntryHead.parse(JSON.parse(new TextDecoder().decode(take(view.getUint32(at - 4, true)))));
    entries.push(head.kind === 'completeness' ? head : { ...head, slices: head.slices.map(([k, length]) => ({ k, runs: take(length) })) });
  }
  return entries;
}

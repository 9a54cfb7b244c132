/** Fragments of encapsulated pixel data (PS3.5 A.4) to the compressed bytes of each frame. */
import type { DataSet } from 'dicom-parser';
import { AppException } from '../../../contract/errors.ts';

interface Fragment {
  /** Of the item, counted from the first fragment, as offset tables count. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Each takes some 250 bytes of memory. */
const MAX_FRAGMENTS = 1_000_000;
const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;
/** The first bytes of a JPEG, JPEG-LS or JPEG 2000 codestream, and of a JP2 file. */
const CODESTREAM_STARTS = [
  [0xff, 0xd8],
  [0xff, 0x4f],
  [0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50],
];

/**
 * The bytes may share memory with the file. Frames are told apart by the Extended Offset Table, else by the Basic Offset
 * Table, else by one fragment for each, else by where codestreams begin. Throws `import/truncated` and `import/unreadable`.
 */
export function encapsulatedFrames(dataSet: DataSet, frameCount: number, path: string): Uint8Array[] {
  const fail = (detail: string): never => {
    throw new AppException({ code: 'import/unreadable', path, detail });
  };
  const { table, fragments } = readItems(dataSet, path, fail);
  if (fragments.length === 0) return fail('encapsulated pixel data without a fragment');
  if (frameCount === 1) return [joined(fragments)];
  const extended = framesByExtendedTable(dataSet, fragments, frameCount, fail);
  if (extended) return extended;
  const starts = startsByTable(table, fragments, frameCount) ?? startsByContent(fragments, frameCount);
  if (!starts) return fail(`${fragments.length} fragments for ${frameCount} frames, and nothing tells where a frame begins`);
  return starts.map((start, frame) => joined(fragments.slice(start, starts[frame + 1])));
}

function readItems(dataSet: DataSet, path: string, fail: (detail: string) => never): { table: number[]; fragments: Fragment[] } {
  const { byteArray } = dataSet;
  const view = new DataView(byteArray.buffer, byteArray.byteOffset, byteArray.length);
  const items: Uint8Array[] = [];
  const offsets: number[] = [];
  let at = dataSet.elements['x7fe00010']!.dataOffset;
  for (;;) {
    // the end of the file stands for a missing delimiter: every fragment is whole
    if (at === byteArray.length && items.length > 1) break;
    if (at + 8 > byteArray.length) throw new AppException({ code: 'import/truncated', path, expectedBytes: at + 8, actualBytes: byteArray.length });
    const tag = view.getUint32(at, true);
    if (tag === SEQUENCE_END) break;
    if (tag !== ITEM) return fail(`encapsulated pixel data with something between its fragments (byte ${at})`);
    const end = at + 8 + view.getUint32(at + 4, true);
    if (end > byteArray.length) throw new AppException({ code: 'import/truncated', path, expectedBytes: end, actualBytes: byteArray.length });
    if (items.length > MAX_FRAGMENTS) return fail(`more than ${MAX_FRAGMENTS} fragments`);
    offsets.push(at);
    items.push(byteArray.subarray(at + 8, end));
    at = end;
  }
  const [first, ...rest] = items;
  const tableBytes = first ?? new Uint8Array(0);
  const tableView = new DataView(tableBytes.buffer, tableBytes.byteOffset, tableBytes.length);
  return {
    table: Array.from({ length: tableBytes.length >> 2 }, (_, n) => tableView.getUint32(4 * n, true)),
    fragments: rest.map((bytes, n) => ({ offset: offsets[n + 1]! - offsets[1]!, bytes })),
  };
}

/** (7FE0,0001) and (7FE0,0002): one fragment for each frame, 64-bit offsets. `null` when there is no such table. */
function framesByExtendedTable(dataSet: DataSet, fragments: readonly Fragment[], frameCount: number, fail: (detail: string) => never): Uint8Array[] | null {
  const offsets = bigIntegers(dataSet, 'x7fe00001');
  const lengths = bigIntegers(dataSet, 'x7fe00002');
  if (offsets.length === 0) return null;
  if (offsets.length !== frameCount) return fail(`Extended Offset Table of ${offsets.length} frames, NumberOfFrames is ${frameCount}`);
  const byOffset = new Map(fragments.map(({ offset, bytes }) => [offset, bytes]));
  return offsets.map((offset, frame) => {
    const bytes = byOffset.get(offset) ?? fail(`no fragment where the Extended Offset Table says frame ${frame + 1} is`);
    return bytes.subarray(0, lengths[frame] ?? bytes.length);
  });
}

function bigIntegers(dataSet: DataSet, tag: string): number[] {
  const element = dataSet.elements[tag];
  if (!element) return [];
  const view = new DataView(dataSet.byteArray.buffer, dataSet.byteArray.byteOffset + element.dataOffset, element.length);
  return Array.from({ length: element.length >> 3 }, (_, n) => Number(view.getBigUint64(8 * n, true)));
}

/** Indices of first fragments. `null` when the table is empty or does not fit: some writers leave it half-filled. */
function startsByTable(table: readonly number[], fragments: readonly Fragment[], frameCount: number): number[] | null {
  if (table.length !== frameCount || table[0] !== 0) return null;
  const indexOf = new Map(fragments.map(({ offset }, index) => [offset, index]));
  const starts = table.map((offset) => indexOf.get(offset) ?? -1);
  return starts.every((start, frame) => start > (starts[frame - 1] ?? -1)) ? starts : null;
}

function startsByContent(fragments: readonly Fragment[], frameCount: number): number[] | null {
  if (fragments.length === frameCount) return fragments.map((_, index) => index);
  const starts = [...fragments.keys()].filter((index) => CODESTREAM_STARTS.some((start) => start.every((byte, n) => fragments[index]!.bytes[n] === byte)));
  return starts.length === frameCount && starts[0] === 0 ? starts : null;
}

function joined(fragments: readonly Fragment[]): Uint8Array {
  if (fragments.length === 1) return fragments[0]!.bytes;
  const whole = new Uint8Array(fragments.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of fragments) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

import { describe, expect, it } from 'vitest';
import { COMPLETE } from '../../../main/contract/completeness.ts';
import type { LabelArray } from '../labelSlots.ts';
import { EditHistory } from './editHistory.ts';
import { MaskEditor } from './maskEditor.ts';
import { decodeEntries, encodeEntry } from './strokeEntries.ts';
import type { StrokeEntry } from './strokeEntries.ts';
import { deltasBetween, labelValuesIn, replayStrokes } from './strokeReplay.ts';

const SLICE = 12;
const over = new Uint8Array(65_536).fill(1);
const bytesOf = (entries: readonly StrokeEntry[]): Uint8Array => {
  const parts = entries.flatMap(encodeEntry);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};
/** Over the wire, as a journal has it. */
const replayed = (base: LabelArray, entries: readonly StrokeEntry[]) => replayStrokes(base.slice(), decodeEntries(bytesOf(entries)), SLICE);

describe('strokes of a journal', () => {
  it('make the same mask again, bit for bit, whatever was painted, taken back and done again', () => {
    let state = 1;
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 40; round++) {
      const base = Uint8Array.from({ length: 3 * SLICE }, () => random(3));
      const voxels = base.slice();
      const editor = new MaskEditor(voxels, [4, 3, 3], null);
      const history = new EditHistory();
      const entries: StrokeEntry[] = [];
      for (let n = 0; n < 30; n++) {
        const what = random(10);
        if (what < 2) {
          const step = history[what === 0 ? 'undo' : 'redo'](voxels, SLICE);
          if (step) entries.push({ kind: 'step', way: what === 0 ? 'before' : 'after', name: step.name, labelValues: null, slices: step.slices });
          continue;
        }
        for (let row = 0; row < 3; row++) editor.paintRow(random(3), random(3), random(2), 2 + random(2), { label: random(4), over, greys: null });
        if (what < 5) entries.push({ kind: 'unfinished', labelValues: null, slices: editor.uncommitted() });
        if (what === 5) {
          editor.rollback();
          entries.push({ kind: 'unfinished', labelValues: null, slices: [] });
          continue;
        }
        const slices = editor.commit();
        if (slices.length === 0) continue;
        history.push({ name: 'Brush', slices });
        entries.push({ kind: 'step', way: 'after', name: 'Brush', labelValues: null, slices });
      }
      expect(replayed(base, entries).labels).toEqual(voxels);
    }
  });

  it('keep of an unfinished stroke what it had changed', () => {
    const voxels = new Uint8Array(SLICE);
    const editor = new MaskEditor(voxels, [4, 3, 1], null);
    editor.paintRow(0, 0, 0, 1, { label: 1, over, greys: null });
    const first: StrokeEntry = { kind: 'unfinished', labelValues: null, slices: editor.uncommitted() };
    editor.paintRow(1, 0, 0, 3, { label: 1, over, greys: null });
    const second: StrokeEntry = { kind: 'unfinished', labelValues: null, slices: editor.uncommitted() };
    expect(replayed(new Uint8Array(SLICE), [first]).labels).toEqual(Uint8Array.from({ length: SLICE }, (_, n) => (n < 2 ? 1 : 0)));
    expect(replayed(new Uint8Array(SLICE), [first, second]).labels).toEqual(voxels);
  });

  it('are told in label values, also where the viewer numbered them, and grow to 16 bits where they must', () => {
    const voxels = new Uint8Array(SLICE);
    const editor = new MaskEditor(voxels, [4, 3, 1], null);
    editor.paintRow(0, 0, 1, 2, { label: 2, over, greys: null });
    const entry: StrokeEntry = { kind: 'step', way: 'after', name: 'Brush', labelValues: [0, 7, 4000], slices: editor.commit() };
    const { labels } = replayed(new Uint8Array(SLICE), [entry]);
    expect(labels).toBeInstanceOf(Uint16Array);
    expect([...labels.subarray(0, 4)]).toEqual([0, 4000, 4000, 0]);
    const slices = deltasBetween(new Uint8Array(SLICE), labels, SLICE);
    expect(labelValuesIn(slices)).toEqual([4000]);
    expect(deltasBetween(labels, labels.slice(), SLICE)).toEqual([]);
    expect(() => deltasBetween(labels, new Uint8Array(SLICE + 1), SLICE)).toThrow(RangeError);
  });

  it('say what unpainted means, and nothing when that was not changed', () => {
    const completeness = { ...COMPLETE, unpainted: 'unknown' as const, completeSlices: [{ axis: 'k' as const, index: 2 }] };
    expect(
      replayed(new Uint8Array(SLICE), [
        { kind: 'completeness', completeness: COMPLETE },
        { kind: 'completeness', completeness },
      ]).completeness,
    ).toMatchObject({ unpainted: 'unknown', completeSlices: completeness.completeSlices });
    expect(replayed(new Uint8Array(SLICE), []).completeness).toBeNull();
  });

  it('are refused where bytes are missing', () => {
    const bytes = bytesOf([{ kind: 'step', way: 'after', name: 'Brush', labelValues: null, slices: [{ k: 0, runs: Uint8Array.of(0, 1, 0, 1) }] }]);
    expect(() => decodeEntries(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
    expect(() => decodeEntries(bytes.subarray(0, 2))).toThrow(RangeError);
  });
});

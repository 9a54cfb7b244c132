import { describe, expect, it } from 'vitest';
import { EditHistory, stepBytes } from './editHistory.ts';
import { MaskEditor } from './maskEditor.ts';
import type { Paint, Triple } from './maskEditor.ts';
import { sweepRows } from './sweptBrush.ts';

const everything = (): Uint8Array => new Uint8Array(65_536).fill(1);
const paint = (label: number): Paint => ({ label, over: everything(), greys: null });

function setUp(dims: Triple, labels?: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>, limitBytes?: number) {
  const voxels = labels ?? new Uint8Array(dims[0] * dims[1] * dims[2]);
  const editor = new MaskEditor(voxels, dims, null);
  const history = new EditHistory(limitBytes);
  const ball = (middle: Triple, radiusMm: number, how: Paint): void => {
    sweepRows({ from: middle, to: middle, radiusMm, normal: null }, dims, [1, 1, 1], (j, k, iFrom, iTo) => editor.paintRow(j, k, iFrom, iTo, how));
  };
  const commit = (name: string): void => history.push({ name, slices: editor.commit() });
  return { voxels, editor, history, ball, commit, sliceLength: dims[0] * dims[1] };
}

describe('MaskEditor with EditHistory', () => {
  it('undo and redo give exactly what was, over noise of many labels', () => {
    const dims: Triple = [40, 30, 12];
    const noise = Uint16Array.from({ length: 40 * 30 * 12 }, (_, n) => (n * 7919) % 65_536);
    const { voxels, history, ball, commit, sliceLength } = setUp(dims, noise);
    const states = [voxels.slice()];
    for (const [x, label] of [
      [10, 3],
      [14, 65_535],
      [12, 0],
      [20, 300],
    ] as const) {
      ball([x, 14, 6], 7, paint(label));
      commit(`ball ${label}`);
      states.push(voxels.slice());
    }
    for (let n = 3; n >= 0; n--) {
      expect(history.undo(voxels, sliceLength)?.name).toBe(`ball ${[3, 65_535, 0, 300][n]}`);
      expect(voxels).toEqual(states[n]);
    }
    expect(history.undo(voxels, sliceLength)).toBeNull();
    for (let n = 1; n <= 4; n++) {
      history.redo(voxels, sliceLength);
      expect(voxels).toEqual(states[n]);
    }
    expect(history.redoName).toBeNull();
    expect(history.undoName).toBe('ball 300');
  });

  it('never changes what it may not paint over, nor greys out of range', () => {
    const dims: Triple = [20, 20, 5];
    const image = Int16Array.from({ length: 2000 }, (_, n) => n % 20);
    const voxels = new Uint8Array(2000).fill(0).map((_, n) => (n % 3 === 0 ? 7 : 0));
    const editor = new MaskEditor(voxels, dims, image);
    const over = everything();
    over[7] = 0;
    for (let j = 0; j < 20; j++) editor.paintRow(j, 2, 0, 19, { label: 1, over, greys: { lower: 5, upper: 9 } });
    const changed = [...voxels.keys()].filter((n) => voxels[n] === 1);
    expect(changed.length).toBeGreaterThan(60);
    expect(changed.every((n) => n % 3 !== 0 && n % 20 >= 5 && n % 20 <= 9 && Math.floor(n / 400) === 2)).toBe(true);
    expect(voxels.filter((value) => value === 7).length).toBe(Math.ceil(2000 / 3));
  });

  it('a stroke that is given up leaves no trace', () => {
    const { voxels, editor, ball } = setUp([20, 20, 20]);
    ball([10, 10, 10], 5, paint(1));
    expect(voxels.includes(1)).toBe(true);
    editor.rollback();
    expect(voxels.includes(1)).toBe(false);
    expect(editor.commit()).toEqual([]);
  });

  it('keeps 100 steps of a large mask in far less than 500 MB', () => {
    const dims: Triple = [512, 512, 300];
    const { history, ball, commit } = setUp(dims);
    for (let n = 0; n < 100; n++) {
      ball([60 + 4 * n, 256, 150], 40, paint(1 + (n % 5)));
      commit('Brush');
    }
    expect(history.bytes / 2 ** 20).toBeLessThan(20);
    // one step that changes every second voxel of the whole mask, the worst there is
    const { editor, history: other } = setUp([512, 512, 30]);
    const dotted = new MaskEditor(
      editor.voxels,
      [512, 512, 30],
      Uint8Array.from({ length: editor.voxels.length }, (_, n) => n % 2),
    );
    for (let k = 0; k < 30; k++) for (let j = 0; j < 512; j++) dotted.paintRow(j, k, 0, 511, { ...paint(1), greys: { lower: 1, upper: 1 } });
    other.push({ name: 'Threshold', slices: dotted.commit() });
    expect(other.bytes).toBeLessThan(2.1 * editor.voxels.length);
  }, 60_000);

  it('lets the oldest steps go when the bytes are full, and never the newest', () => {
    const { history, ball, commit, voxels, sliceLength } = setUp([60, 60, 60], undefined, 20_000);
    for (let n = 0; n < 10; n++) {
      ball([10 + 4 * n, 30, 30], 8, paint(1 + n));
      commit(`${n}`);
    }
    expect(history.bytes).toBeLessThanOrEqual(20_000);
    expect(history.undoName).toBe('9');
    let undone = 0;
    while (history.undo(voxels, sliceLength)) undone++;
    expect(undone).toBeGreaterThan(0);
    expect(undone).toBeLessThan(10);
    const huge = new EditHistory(1);
    huge.push({ name: 'one', slices: [{ k: 0, runs: new Uint8Array(100) }] });
    expect(huge.undoName).toBe('one');
    expect(huge.bytes).toBe(stepBytes({ name: 'one', slices: [{ k: 0, runs: new Uint8Array(100) }] }));
  });

  it('follows when the voxels are given other numbers', () => {
    const { voxels, history, ball, commit, sliceLength } = setUp([20, 20, 20]);
    ball([10, 10, 10], 5, paint(4));
    commit('a');
    const first = voxels.slice();
    ball([10, 10, 10], 3, paint(9));
    commit('b');
    expect(history.labels()).toEqual(new Set([0, 4, 9]));
    const wide = (value: number): number => (value === 0 ? 0 : value + 1000);
    const renumbered = Uint16Array.from(voxels, wide);
    history.renumber(wide);
    history.undo(renumbered, sliceLength);
    expect(renumbered).toEqual(Uint16Array.from(first, wide));
  });
});

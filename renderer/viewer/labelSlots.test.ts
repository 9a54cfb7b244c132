import { describe, expect, it } from 'vitest';
import { LabelSlots } from './labelSlots.ts';

const legendOf = (...values: number[]) => values.map((labelValue) => ({ labelValue }));

describe('LabelSlots', () => {
  it('leaves bytes alone: the brush writes label values into the very array', () => {
    const bytes = Uint8Array.of(0, 255, 9);
    const slots = new LabelSlots(bytes, legendOf(1, 255));
    expect(slots.voxels).toBe(bytes);
    expect([slots.slotOf(200), slots.slotOf(256), slots.valueOf(9), slots.makeRoom(legendOf(1, 255, 254))]).toEqual([200, undefined, 9, true]);
    slots.voxels[0] = 1;
    expect(slots.labels()).toEqual(Uint8Array.of(1, 255, 9));
    expect(slots.labels()).not.toBe(bytes);
  });

  it('numbers labels above 255 from 1 on, also those that the legend lacks', () => {
    const labels = Uint16Array.of(0, 65_535, 300, 1, 77, 300);
    const slots = new LabelSlots(labels, legendOf(1, 300, 65_535));
    expect(slots.voxels).toEqual(Uint8Array.of(0, 3, 2, 1, 4, 2));
    expect([300, 65_535, 77, 5].map((value) => slots.slotOf(value))).toEqual([2, 3, 4, undefined]);
    slots.voxels[0] = slots.slotOf(65_535)!;
    expect(slots.labels()).toEqual(Uint16Array.of(65_535, 65_535, 300, 1, 77, 300));
    expect(labels[0]).toBe(0);
  });

  it('has no room in bytes for the first label above 255, and numbers anew', () => {
    const before = new LabelSlots(Uint8Array.of(0, 7, 255), legendOf(7, 255));
    expect(before.makeRoom(legendOf(7, 255, 256))).toBe(false);
    const after = new LabelSlots(before.labels(), legendOf(7, 255, 256));
    expect(after.voxels).toBeInstanceOf(Uint8Array);
    after.voxels[0] = after.slotOf(256)!;
    expect(after.labels()).toEqual(Uint16Array.of(256, 7, 255));
    // the next ones go behind, without touching a voxel
    expect(after.makeRoom(legendOf(7, 255, 256, 257, 3))).toBe(true);
    expect([257, 3].map((value) => after.valueOf(after.slotOf(value)!))).toEqual([257, 3]);
  });

  it('takes 16 bits for more than 255 of them', () => {
    const values = Array.from({ length: 255 }, (_, n) => 1000 + n);
    const slots = new LabelSlots(Uint16Array.from(values), legendOf(...values));
    expect(slots.voxels).toBeInstanceOf(Uint8Array);
    expect(slots.makeRoom(legendOf(...values, 5))).toBe(false);
    expect(slots.slotOf(5)).toBeUndefined();
    const wide = new LabelSlots(slots.labels(), legendOf(...values, 5));
    expect(wide.voxels).toBeInstanceOf(Uint16Array);
    expect(wide.slotOf(5)).toBe(256);
    expect(wide.labels()).toEqual(Uint16Array.from(values));
  });

  it('tells bytes again when no label needs more', () => {
    expect(new LabelSlots(Uint16Array.of(0, 3), legendOf(3)).labels()).toEqual(Uint8Array.of(0, 3));
  });
});

/** Voxels of one slice that hang together with one of them by their edges and have its label. */
import type { LabelArray } from '../../labelSlots.ts';
import type { Triple } from '../maskEditor.ts';

/** Slice across `axis` through `at`; the result are places in the volume. */
export function connectedInSlice(labels: LabelArray, dims: Triple, at: Triple, axis: number): Uint32Array {
  const [across, along] = [0, 1, 2].filter((other) => other !== axis) as [number, number];
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  const [width, height] = [dims[across]!, dims[along]!];
  const base = at[axis]! * strides[axis]!;
  const place = (x: number, y: number): number => base + x * strides[across]! + y * strides[along]!;
  const label = labels[place(at[across]!, at[along]!)];
  const seen = new Uint8Array(width * height);
  const waiting = new Uint32Array(width * height);
  const found = new Uint32Array(width * height);
  let [first, end] = [0, 0];
  const offer = (x: number, y: number): void => {
    const flat = x + width * y;
    if (seen[flat] || labels[place(x, y)] !== label) return;
    seen[flat] = 1;
    waiting[end++] = flat;
  };
  offer(at[across]!, at[along]!);
  while (first < end) {
    const flat = waiting[first]!;
    const x = flat % width;
    const y = (flat - x) / width;
    found[first++] = place(x, y);
    if (x > 0) offer(x - 1, y);
    if (x + 1 < width) offer(x + 1, y);
    if (y > 0) offer(x, y - 1);
    if (y + 1 < height) offer(x, y + 1);
  }
  return found.slice(0, end);
}

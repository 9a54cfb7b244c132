/** Bounding box of what is not zero, as nnU-Net crops: union over channels, holes filled. */
import { voxelCount, type ShapeDhw } from './tensorShape.ts';
import type { VoxelArray } from './volume.ts';

/** `begin` inclusive, `end` exclusive, per axis of the tensor [D, H, W]. */
export interface BoxDhw {
  readonly begin: ShapeDhw;
  readonly end: ShapeDhw;
}

export function boxShape({ begin, end }: BoxDhw): [number, number, number] {
  return [end[0] - begin[0], end[1] - begin[1], end[2] - begin[2]];
}

/** 1 where any channel is not zero or such voxels enclose it (6-connected background reaches the border elsewhere). */
export function nonZeroMask(channels: readonly VoxelArray[], shape: ShapeDhw): Uint8Array {
  const mask = new Uint8Array(voxelCount(shape));
  for (const channel of channels) {
    for (let n = 0; n < mask.length; n++) if (channel[n] !== 0) mask[n] = 1;
  }
  fillHoles(mask, shape);
  return mask;
}

/** Everything not reached from outside through zeros becomes 1, in place. */
function fillHoles(mask: Uint8Array, [nd, nh, nw]: ShapeDhw): void {
  const OUTSIDE = 2;
  const plane = nh * nw;
  const queue = new Int32Array(mask.length);
  let tail = 0;
  const visit = (n: number): void => {
    if (mask[n] !== 0) return;
    mask[n] = OUTSIDE;
    queue[tail++] = n;
  };
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      const row = d * plane + h * nw;
      if (d === 0 || d === nd - 1 || h === 0 || h === nh - 1) for (let w = 0; w < nw; w++) visit(row + w);
      visit(row);
      visit(row + nw - 1);
    }
  }
  for (let head = 0; head < tail; head++) {
    const n = queue[head]!;
    const w = n % nw;
    const h = Math.floor(n / nw) % nh;
    if (w > 0) visit(n - 1);
    if (w < nw - 1) visit(n + 1);
    if (h > 0) visit(n - nw);
    if (h < nh - 1) visit(n + nw);
    if (n >= plane) visit(n - plane);
    if (n < mask.length - plane) visit(n + plane);
  }
  for (let n = 0; n < mask.length; n++) mask[n] = mask[n] === OUTSIDE ? 0 : 1;
}

/** Smallest box around the voxels that are not 0; the whole volume when all are. */
export function boundingBox(mask: Uint8Array, [nd, nh, nw]: ShapeDhw): BoxDhw {
  const begin: [number, number, number] = [nd, nh, nw];
  const end: [number, number, number] = [0, 0, 0];
  let n = 0;
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      for (let w = 0; w < nw; w++) {
        if (mask[n++] === 0) continue;
        if (d < begin[0]) begin[0] = d;
        if (h < begin[1]) begin[1] = h;
        if (w < begin[2]) begin[2] = w;
        if (d >= end[0]) end[0] = d + 1;
        if (h >= end[1]) end[1] = h + 1;
        if (w >= end[2]) end[2] = w + 1;
      }
    }
  }
  return end[0] === 0 ? { begin: [0, 0, 0], end: [nd, nh, nw] } : { begin, end };
}

/** A copy of the voxels inside the box. */
export function cropVolume<A extends VoxelArray>(values: A, shape: ShapeDhw, box: BoxDhw): A {
  const [nd, nh, nw] = boxShape(box);
  const out = new (values.constructor as new (count: number) => A)(nd * nh * nw);
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      const source = ((d + box.begin[0]) * shape[1] + h + box.begin[1]) * shape[2] + box.begin[2];
      out.set(values.subarray(source, source + nw) as never, (d * nh + h) * nw);
    }
  }
  return out;
}

/** The inverse of `cropVolume`: `outside` beyond the box. Returns `values` itself when the box is the volume. */
export function uncropVolume<A extends VoxelArray>(values: A, shape: ShapeDhw, box: BoxDhw, outside = 0): A {
  if (values.length === voxelCount(shape)) return values;
  const [nd, nh, nw] = boxShape(box);
  const out = new (values.constructor as new (count: number) => A)(voxelCount(shape));
  if (outside !== 0) out.fill(outside);
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      const source = (d * nh + h) * nw;
      const target = ((d + box.begin[0]) * shape[1] + h + box.begin[1]) * shape[2] + box.begin[2];
      out.set(values.subarray(source, source + nw) as never, target);
    }
  }
  return out;
}

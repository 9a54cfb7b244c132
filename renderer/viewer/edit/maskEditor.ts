/**
 * Changes voxels of a mask, one step at a time, and knows afterwards what the step changed. The only place where a voxel of
 * a mask is written: what may not be changed is decided here for every tool.
 */
import type { LabelArray } from '../labelSlots.ts';
import type { VoxelArray } from '../voxelArray.ts';
import { applyDelta, sliceDelta } from './sliceDelta.ts';
import type { SliceDelta } from './sliceDelta.ts';

export type Triple = readonly [number, number, number];

/** What a step writes, and over what. */
export interface Paint {
  readonly label: number;
  /** By label: 1 where it may be changed. */
  readonly over: Uint8Array;
  /** Only where the image has such values; null: wherever. */
  readonly greys: GreyRange | null;
}

/** Both ends belong to it. */
export interface GreyRange {
  readonly lower: number;
  readonly upper: number;
}

interface Touched {
  readonly before: LabelArray;
  fromRow: number;
  toRow: number;
}

export class MaskEditor {
  readonly #sliceLength: number;
  readonly #touched = new Map<number, Touched>();
  /** Touched since `takeFresh`. */
  #fresh = new Set<number>();

  constructor(
    readonly voxels: LabelArray,
    readonly dimsIjk: Triple,
    readonly image: VoxelArray | null,
  ) {
    this.#sliceLength = dimsIjk[0] * dimsIjk[1];
  }

  #touch(j: number, k: number): void {
    const touched = this.#touched.get(k);
    this.#fresh.add(k);
    if (touched) {
      if (j < touched.fromRow) touched.fromRow = j;
      if (j > touched.toRow) touched.toRow = j;
      return;
    }
    const start = k * this.#sliceLength;
    this.#touched.set(k, { before: this.voxels.slice(start, start + this.#sliceLength), fromRow: j, toRow: j });
  }

  /** Voxels iFrom to iTo, both included, of row j in slice k; all of them lie in the volume. */
  paintRow(j: number, k: number, iFrom: number, iTo: number, { label, over, greys }: Paint): void {
    this.#touch(j, k);
    const { voxels, image } = this;
    const row = this.dimsIjk[0] * (j + this.dimsIjk[1] * k);
    if (!greys || !image) {
      for (let n = row + iFrom; n <= row + iTo; n++) if (over[voxels[n]!]) voxels[n] = label;
      return;
    }
    const { lower, upper } = greys;
    for (let n = row + iFrom; n <= row + iTo; n++) {
      const grey = image[n]!;
      if (grey >= lower && grey <= upper && over[voxels[n]!]) voxels[n] = label;
    }
  }

  /** One voxel, `index` in the volume. */
  paintVoxel(index: number, paint: Paint): void {
    const [columns, rows] = this.dimsIjk;
    const i = index % columns;
    const line = (index - i) / columns;
    this.paintRow(line % rows, Math.floor(line / rows), i, i, paint);
  }

  labelAt([i, j, k]: Triple): number {
    return this.voxels[i + this.dimsIjk[0] * (j + this.dimsIjk[1] * k)]!;
  }
  greyAt([i, j, k]: Triple): number | null {
    return this.image?.[i + this.dimsIjk[0] * (j + this.dimsIjk[1] * k)] ?? null;
  }

  /** Slices touched since the last call, to be drawn anew. */
  takeFresh(): number[] {
    const fresh = [...this.#fresh];
    this.#fresh = new Set();
    return fresh;
  }

  markFresh(slices: readonly number[]): void {
    for (const k of slices) this.#fresh.add(k);
  }

  /** What changed since the last commit or rollback, which goes on. */
  uncommitted(): SliceDelta[] {
    const columns = this.dimsIjk[0];
    const deltas: SliceDelta[] = [];
    for (const [k, { before, fromRow, toRow }] of this.#touched) {
      const start = k * this.#sliceLength;
      const delta = sliceDelta(k, before, this.voxels.subarray(start, start + this.#sliceLength), fromRow * columns, (toRow + 1) * columns);
      if (delta) deltas.push(delta);
    }
    return deltas;
  }

  /** What changed since the last commit or rollback. */
  commit(): SliceDelta[] {
    const deltas = this.uncommitted();
    this.#touched.clear();
    return deltas;
  }

  /** Everything since the last commit is as it was. */
  rollback(): void {
    for (const [k, { before }] of this.#touched) {
      this.voxels.set(before, k * this.#sliceLength);
      this.#fresh.add(k);
    }
    this.#touched.clear();
  }

  /** Takes over what a copy of this mask was changed to. */
  apply(deltas: readonly SliceDelta[]): void {
    for (const delta of deltas) {
      applyDelta(delta, this.voxels, this.#sliceLength, 'after');
      this.#fresh.add(delta.k);
    }
  }
}

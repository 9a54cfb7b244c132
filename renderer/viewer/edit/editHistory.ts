/** Undo and redo of everything that changes a mask, bounded in bytes: the oldest steps go first. */
import type { LabelArray } from '../labelSlots.ts';
import { applyDelta, forEachRun, renumbered } from './sliceDelta.ts';
import type { SliceDelta } from './sliceDelta.ts';

export interface EditStep {
  /** For the user: "Brush", "Fill holes". */
  readonly name: string;
  readonly slices: readonly SliceDelta[];
}

const LIMIT_BYTES = 400 * 2 ** 20;
const SLICE_OVERHEAD_BYTES = 200;
export const stepBytes = ({ slices }: EditStep): number => slices.reduce((sum, { runs }) => sum + runs.byteLength + SLICE_OVERHEAD_BYTES, 0);

export class EditHistory {
  #done: EditStep[] = [];
  #undone: EditStep[] = [];
  #bytes = 0;

  constructor(private readonly limitBytes = LIMIT_BYTES) {}

  /** Steps taken back are lost, as everywhere. The newest step always stays. */
  push(step: EditStep): void {
    for (const lost of this.#undone) this.#bytes -= stepBytes(lost);
    this.#undone = [];
    this.#done.push(step);
    this.#bytes += stepBytes(step);
    while (this.#bytes > this.limitBytes && this.#done.length > 1) this.#bytes -= stepBytes(this.#done.shift()!);
  }

  /** Null when there is nothing to undo. */
  undo(voxels: LabelArray, sliceLength: number): EditStep | null {
    const step = this.#done.pop();
    if (!step) return null;
    for (const delta of step.slices) applyDelta(delta, voxels, sliceLength, 'before');
    this.#undone.push(step);
    return step;
  }

  redo(voxels: LabelArray, sliceLength: number): EditStep | null {
    const step = this.#undone.pop();
    if (!step) return null;
    for (const delta of step.slices) applyDelta(delta, voxels, sliceLength, 'after');
    this.#done.push(step);
    return step;
  }

  /** Name of the step that undo takes back; null when there is none. */
  get undoName(): string | null {
    return this.#done.at(-1)?.name ?? null;
  }
  get redoName(): string | null {
    return this.#undone.at(-1)?.name ?? null;
  }
  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#done = [];
    this.#undone = [];
    this.#bytes = 0;
  }

  /** Every number that stands in a step. */
  labels(): ReadonlySet<number> {
    const found = new Set<number>();
    for (const { slices } of [...this.#done, ...this.#undone]) {
      for (const delta of slices) forEachRun(delta, (_start, _length, before, after) => void found.add(before).add(after));
    }
    return found;
  }

  /** The voxels were given other numbers; the history follows. */
  renumber(numberOf: (label: number) => number): void {
    const changed = ({ name, slices }: EditStep): EditStep => ({ name, slices: slices.map((delta) => renumbered(delta, numberOf)) });
    this.#done = this.#done.map(changed);
    this.#undone = this.#undone.map(changed);
    this.#bytes = [...this.#done, ...this.#undone].reduce((sum, step) => sum + stepBytes(step), 0);
  }
}

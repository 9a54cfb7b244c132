/**
 * The numbers that stand in the labelmap while it is shown. Cornerstone's colour tables have 1024 entries from 0 to the
 * largest number, so label values far apart would blur into each other. Where labels and legend fit into bytes, the number
 * is the label value and nothing is copied; else labels are numbered from 1 on, which again are bytes for up to 255 of them.
 */
import { emptyLabels, labelTypeOf, labelTypeUpTo, typeOfLabels } from '../../main/contract/labelType.ts';
import { LARGEST_LABEL_VALUE, type Segment } from '../../main/contract/vocabulary.ts';

export type LabelArray = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
type Legend = readonly Pick<Segment, 'labelValue'>[];

export class LabelSlots {
  /** Slots. The brush writes into it. */
  readonly voxels: LabelArray;
  /** Of each slot its label value; `null`: they are the same. */
  readonly #values: number[] | null;
  readonly #slots = new Map<number, number>();

  /** Takes `labels` over where it can stay as it is. Labels that the legend lacks keep their place too. */
  constructor(labels: LabelArray, legend: Legend) {
    if (labels instanceof Uint8Array && labelTypeOf(legend) === 'uint8') {
      this.voxels = labels;
      this.#values = null;
      return;
    }
    this.#values = [0, ...new Set([...legend.map(({ labelValue }) => labelValue), ...occurringValues(labels)])];
    this.#values.forEach((value, slot) => this.#slots.set(value, slot));
    const slotOf = new Uint16Array(LARGEST_LABEL_VALUE + 1);
    for (const [value, slot] of this.#slots) slotOf[value] = slot;
    this.voxels = emptyLabels(labelTypeUpTo(this.#values.length - 1), labels.length);
    for (let n = 0; n < labels.length; n++) this.voxels[n] = slotOf[labels[n]!]!;
  }

  /** Undefined for a label that has no place: no segment of the legend and no voxel had it. */
  slotOf(labelValue: number): number | undefined {
    if (this.#values) return this.#slots.get(labelValue);
    return labelTypeUpTo(labelValue) === 'uint8' ? labelValue : undefined;
  }

  valueOf(slot: number): number {
    return this.#values ? (this.#values[slot] ?? 0) : slot;
  }

  /** Of each slot its label value; `null`: they are the same. */
  values(): readonly number[] | null {
    return this.#values && [...this.#values];
  }

  /** Gives new segments slots; false when `voxels` is too narrow for them, and nothing has changed then. */
  makeRoom(legend: Legend): boolean {
    if (!this.#values) return labelTypeOf(legend) === 'uint8';
    const fresh = legend.map(({ labelValue }) => labelValue).filter((value) => !this.#slots.has(value));
    if (labelTypeUpTo(this.#values.length - 1 + fresh.length) !== typeOfLabels(this.voxels)) return false;
    for (const value of fresh) this.#slots.set(value, this.#values.push(value) - 1);
    return true;
  }

  /** A copy with label values, in 16 bits where one of them needs it. */
  labels(): LabelArray {
    const values = this.#values;
    if (!values) return this.voxels.slice();
    const labels = emptyLabels(labelTypeUpTo(Math.max(...values)), this.voxels.length);
    for (let n = 0; n < labels.length; n++) labels[n] = values[this.voxels[n]!]!;
    return labels;
  }
}

function occurringValues(labels: LabelArray): number[] {
  const occurs = new Uint8Array(LARGEST_LABEL_VALUE + 1);
  for (let n = 0; n < labels.length; n++) occurs[labels[n]!] = 1;
  const values: number[] = [];
  for (let value = 1; value < occurs.length; value++) if (occurs[value]) values.push(value);
  return values;
}

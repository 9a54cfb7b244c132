/** Predictive entropy of each voxel, taken from the planes of a prediction as they pass by: one byte per voxel is kept. */
import { BYTES_PER_BIT } from '../../contract/uncertainty.ts';
import { voxelCount } from '../../imaging/tensorShape.ts';
import type { Plan } from '../plan/plan.ts';
import type { CaseGeometry } from '../preprocess/preprocess.ts';
import type { PaintedRegions } from './classDecision.ts';
import { onStoredGrid, outputCountOf } from './storedClasses.ts';

export type OutputKind = 'logits' | 'probabilities';

/**
 * Entropy of each voxel of `values` (channels last) into `out` from `outBegin`, in 255ths of a bit and at most one bit.
 * Exclusive classes: of their distribution. Regions: of the region that is least sure, inside or out.
 */
export function entropiesOf(values: Float32Array, kind: OutputKind, outputs: number, regions: PaintedRegions, out: Uint8Array, outBegin: number): void {
  const bitsAt = regions ? regionBits : classBits;
  for (let begin = 0, at = outBegin; begin < values.length; begin += outputs, at++) {
    out[at] = Math.round(BYTES_PER_BIT * Math.min(1, bitsAt(values, begin, outputs, kind)));
  }
}

/** With logits z and S = Σ eᶻ the entropy is ln S − Σ z·eᶻ / S; the largest is subtracted first, so that nothing overflows. */
function classBits(values: Float32Array, begin: number, outputs: number, kind: OutputKind): number {
  if (kind === 'probabilities') {
    let nats = 0;
    for (let c = 0; c < outputs; c++) nats += plnp(values[begin + c]!);
    return Math.max(0, -nats) / Math.LN2;
  }
  let largest = values[begin]!;
  for (let c = 1; c < outputs; c++) if (values[begin + c]! > largest) largest = values[begin + c]!;
  let sum = 0;
  let weighted = 0;
  for (let c = 0; c < outputs; c++) {
    const z = values[begin + c]! - largest;
    const e = Math.exp(z);
    sum += e;
    weighted += z * e;
  }
  return Math.max(0, Math.log(sum) - weighted / sum) / Math.LN2;
}

function regionBits(values: Float32Array, begin: number, outputs: number, kind: OutputKind): number {
  let most = 0;
  for (let c = 0; c < outputs; c++) {
    const p = kind === 'probabilities' ? values[begin + c]! : 1 / (1 + Math.exp(-values[begin + c]!));
    const nats = -(plnp(p) + plnp(1 - p));
    if (nats > most) most = nats;
  }
  return most / Math.LN2;
}

const plnp = (p: number): number => (p > 0 ? p * Math.log(p) : 0);

/** Takes the planes of one case in their order. */
export class EntropyMap {
  #cropped: Uint8Array | null = null;
  #filled = 0;
  #toStoredGrid: ((cropped: Uint8Array) => Uint8Array) | null = null;

  /** A plane of the cropped case, axes as transposed. It is only read. */
  add(plane: Float32Array, kind: OutputKind, geometry: CaseGeometry, plan: Plan): void {
    this.#cropped ??= new Uint8Array(voxelCount(geometry.croppedShapeDhw));
    this.#toStoredGrid = (cropped) => onStoredGrid(cropped, geometry, plan);
    entropiesOf(plane, kind, outputCountOf(plan), plan.regions, this.#cropped, this.#filled);
    this.#filled += geometry.croppedShapeDhw[1] * geometry.croppedShapeDhw[2];
  }

  /** On the stored grid, 0 outside the crop. Throws when not every plane has passed. */
  onStoredGrid(): Uint8Array {
    if (!this.#cropped || !this.#toStoredGrid || this.#filled !== this.#cropped.length) throw new Error('the prediction has not passed whole');
    return this.#toStoredGrid(this.#cropped);
  }
}

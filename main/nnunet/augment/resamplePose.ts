/** Fills a patch from a posed window: images linear, classes by a linear vote, nothing outside the window. */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { CaseWindow, ClassArray } from '../train/trainingCase.ts';
import type { Box, PoseMatrix } from './pose.ts';
import type { Sample } from './sample.ts';

/** `box` is where `window` lies in the case, `originDhw` where the patch would lie without its pose. */
export function resamplePose(window: CaseWindow, box: Box, matrix: PoseMatrix, originDhw: ShapeDhw, sample: Sample): void {
  const { image, classes, inside, shapeDhw, channels } = sample;
  const [nd, nh, nw] = shapeDhw;
  const [volume, windowVolume] = [nd * nh * nw, window.classes.length];
  const corners = new Corners(box.shapeDhw);
  // the place of voxel 0, 0, 0 of the patch in the window
  const middle = shapeDhw.map((count) => (count - 1) / 2);
  const begin = [0, 1, 2].map((axis) => {
    const turned = [0, 1, 2].reduce((sum, other) => sum + matrix[axis * 3 + other]! * middle[other]!, 0);
    return originDhw[axis]! - box.originDhw[axis]! + middle[axis]! - turned;
  });
  const [zw, yw, xw] = [matrix[2]!, matrix[5]!, matrix[8]!];
  let target = 0;
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      const z = begin[0]! + matrix[0]! * d + matrix[1]! * h;
      const y = begin[1]! + matrix[3]! * d + matrix[4]! * h;
      const x = begin[2]! + matrix[6]! * d + matrix[7]! * h;
      for (let w = 0; w < nw; w++, target++) {
        if (!corners.place(z + zw * w, y + yw * w, x + xw * w)) {
          for (let c = 0; c < channels; c++) image[c * volume + target] = 0;
          classes[target] = 0;
          inside[target] = 0;
          continue;
        }
        for (let c = 0; c < channels; c++) image[c * volume + target] = corners.mean(window.image, c * windowVolume);
        classes[target] = corners.vote(window.classes);
        inside[target] = window.inside ? corners.vote(window.inside) : 1;
      }
    }
  }
}

/** Rounding must not put a place that is a whole number of voxels between two of them. */
const HAIR = 1e-9;

/** The eight voxels around a place and their linear weights. Voxels outside the window count as 0. */
class Corners {
  readonly #shape: ShapeDhw;
  readonly #index = new Int32Array(8);
  readonly #weight = new Float64Array(8);
  #count = 0;

  constructor(shape: ShapeDhw) {
    this.#shape = shape;
  }

  /** False when no corner lies in the window. */
  place(z: number, y: number, x: number): boolean {
    const d = Math.floor(z + HAIR);
    const h = Math.floor(y + HAIR);
    const w = Math.floor(x + HAIR);
    this.#count = 0;
    const upperD = Math.max(0, z - d);
    const upperH = Math.max(0, y - h);
    const upperW = Math.max(0, x - w);
    this.#addSlice(d, 1 - upperD, h, upperH, w, upperW);
    // without weight a neighbour need not be there: single slices, whole steps
    if (upperD > HAIR) this.#addSlice(d + 1, upperD, h, upperH, w, upperW);
    return this.#count > 0;
  }

  #addSlice(d: number, weight: number, h: number, upperH: number, w: number, upperW: number): void {
    if (d < 0 || d >= this.#shape[0]) return;
    const plane = d * this.#shape[1];
    this.#addRow(plane, h, weight * (1 - upperH), w, upperW);
    if (upperH > HAIR) this.#addRow(plane, h + 1, weight * upperH, w, upperW);
  }

  #addRow(plane: number, h: number, weight: number, w: number, upperW: number): void {
    if (h < 0 || h >= this.#shape[1]) return;
    const width = this.#shape[2];
    const at = (plane + h) * width + w;
    if (w >= 0 && w < width) {
      this.#index[this.#count] = at;
      this.#weight[this.#count++] = weight * (1 - upperW);
    }
    if (upperW > HAIR && w >= -1 && w + 1 < width) {
      this.#index[this.#count] = at + 1;
      this.#weight[this.#count++] = weight * upperW;
    }
  }

  /** Weighted mean of the corners; `begin` is where the channel begins. */
  mean(values: Float32Array, begin: number): number {
    let sum = 0;
    for (let n = 0; n < this.#count; n++) sum += this.#weight[n]! * values[begin + this.#index[n]!]!;
    return sum;
  }

  /** The value with the largest weight, the smaller one of two equals; what lies outside votes for 0. */
  vote(values: ClassArray): number {
    const first = values[this.#index[0]!]!;
    let isUnanimous = first === 0 || this.#count === 8;
    for (let n = 1; n < this.#count && isUnanimous; n++) isUnanimous = values[this.#index[n]!] === first;
    return isUnanimous ? first : this.#countVotes(values);
  }

  #countVotes(values: ClassArray): number {
    let outside = 1;
    for (let n = 0; n < this.#count; n++) outside -= this.#weight[n]!;
    let [best, bestWeight] = [0, outside];
    for (let n = 0; n < this.#count; n++) {
      const value = values[this.#index[n]!]!;
      let weight = value === 0 ? outside : 0;
      for (let m = 0; m < this.#count; m++) if (values[this.#index[m]!] === value) weight += this.#weight[m]!;
      if (weight > bestWeight + HAIR || (weight > bestWeight - HAIR && value < best)) [best, bestWeight] = [value, weight];
    }
    return best;
  }
}

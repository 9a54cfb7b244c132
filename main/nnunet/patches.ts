/** Draws training batches: cases by weight, a part of them centred on foreground, mirrored and changed in intensity. */
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import { augmentIntensities, mirrorSample } from './augment.ts';
import { patchDhw, readImagePatch } from './patchWindow.ts';
import { Random, type RandomState } from './random.ts';
import { roundHalfEven } from '../imaging/roundHalfEven.ts';
import type { TrainingCase, TrainingCases } from './trainingCase.ts';

export interface SamplerSpec {
  readonly patch: readonly number[];
  readonly batchSize: number;
  readonly channels: number;
  /** Part of every batch that is forced onto foreground. */
  readonly foregroundPart: number;
}

/** Arrays of a batch are reused: use them up before the next `draw`. */
export class PatchSampler {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
  readonly #cases: TrainingCases;
  readonly #spec: SamplerSpec;
  readonly #patch: ShapeDhw;
  readonly #cumulative: readonly number[];
  #random: Random;

  constructor(cases: TrainingCases, spec: SamplerSpec, seed: number) {
    this.#cases = cases;
    this.#spec = spec;
    this.#patch = patchDhw(spec.patch);
    let sum = 0;
    this.#cumulative = cases.weights.map((weight) => (sum += weight));
    const voxels = this.#patch[0] * this.#patch[1] * this.#patch[2];
    this.images = new Float32Array(spec.batchSize * voxels * spec.channels);
    this.labels = new Uint8Array(spec.batchSize * voxels);
    this.#random = Random.fromSeed(seed);
  }

  get state(): RandomState {
    return this.#random.state;
  }

  restore(state: RandomState): void {
    this.#random = Random.fromState(state);
  }

  /** Fills `images` [N, …patch, C] and `labels` [N, …patch]. */
  async draw(): Promise<void> {
    const { batchSize, channels, foregroundPart } = this.#spec;
    const voxels = this.#patch[0] * this.#patch[1] * this.#patch[2];
    const firstForced = roundHalfEven(batchSize * (1 - foregroundPart));
    for (let sample = 0; sample < batchSize; sample++) {
      const current = await this.#cases.load(this.#caseIndex());
      const window = await current.readWindow(this.#origin(current, sample >= firstForced), this.#patch);
      readImagePatch(window.image, this.#patch, channels, [0, 0, 0], this.#patch, this.images, sample * voxels * channels);
      this.labels.set(window.classes, sample * voxels);
      const image = this.images.subarray(sample * voxels * channels, (sample + 1) * voxels * channels);
      const labels = this.labels.subarray(sample * voxels, (sample + 1) * voxels);
      augmentIntensities(image, channels, this.#random);
      mirrorSample(image, labels, this.#patch, channels, this.#spec.patch.length === 2 ? [1, 2] : [0, 1, 2], this.#random);
    }
  }

  #caseIndex(): number {
    const at = this.#random.next() * this.#cumulative[this.#cumulative.length - 1]!;
    const index = this.#cumulative.findIndex((sum) => at < sum);
    return index < 0 ? this.#cumulative.length - 1 : index;
  }

  /** First voxel of the patch; the patch stays inside the volume, or is centred on an axis shorter than itself. */
  #origin(current: TrainingCase, isForced: boolean): ShapeDhw {
    const center = isForced ? this.#foregroundVoxel(current) : null;
    const along = (axis: 0 | 1 | 2): number => {
      const [count, size] = [this.#patch[axis], current.shapeDhw[axis]];
      const padding = Math.max(0, count - size);
      const lowest = -Math.floor(padding / 2);
      const highest = Math.max(lowest, size - count + Math.ceil(padding / 2));
      if (!center) return lowest + this.#random.below(highest - lowest + 1);
      return Math.min(highest, Math.max(lowest, center[axis] - Math.floor(count / 2)));
    };
    return [along(0), along(1), along(2)];
  }

  /** A class of the case chosen uniformly, then one of its voxels; `null` without foreground. */
  #foregroundVoxel({ locations, shapeDhw }: TrainingCase): ShapeDhw | null {
    const present = locations.filter((list) => list.length > 0);
    if (present.length === 0) return null;
    const list = present[this.#random.below(present.length)]!;
    const voxel = list[this.#random.below(list.length)]!;
    const plane = shapeDhw[1] * shapeDhw[2];
    return [Math.floor(voxel / plane), Math.floor((voxel % plane) / shapeDhw[2]), voxel % shapeDhw[2]];
  }
}

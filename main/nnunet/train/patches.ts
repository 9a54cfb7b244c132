/** Draws training batches: cases by weight, a part of them forced onto foreground, augmented as the preset says. */
import { roundHalfEven } from '../../imaging/roundHalfEven.ts';
import { voxelCount, type ShapeDhw } from '../../imaging/tensorShape.ts';
import { applySteps } from '../augment/applySteps.ts';
import type { Augmentation } from '../augment/augmentation.ts';
import { drawCropAt, drawObject, objectBoxes } from '../augment/objectBoxes.ts';
import { drawPose, poseWindow, type Box, type PoseMatrix } from '../augment/pose.ts';
import { resamplePose } from '../augment/resamplePose.ts';
import { emptySample, type Sample } from '../augment/sample.ts';
import { drawCases, type CaseMix } from './caseMix.ts';
import { Random, type RandomState } from '../random.ts';
import type { CaseWindow, TrainingCase, TrainingCases } from './trainingCase.ts';

/** Which patches are forced to show foreground. Plain data: it goes to another thread. */
export type ForegroundRule =
  /** v2: the last `part` of every batch; centred on a voxel of a class of the case. */
  | { readonly kind: 'lastOfBatch'; readonly part: number }
  /** Seed: each by this chance; placed on one of the largest objects of one of `classes`. */
  | { readonly kind: 'eachByChance'; readonly chance: number; readonly classes: readonly number[] };

export interface SamplerSpec {
  /** Voxels read and augmented together: the patch, in 2D as one slice or as a run of slices that become samples. */
  readonly blockDhw: ShapeDhw;
  /** Samples of a block: 1, or the slices of a 2D block. */
  readonly samplesPerBlock: number;
  readonly batchSize: number;
  readonly channels: number;
  readonly foreground: ForegroundRule;
  readonly augmentation: Augmentation;
  /** 16 bits where the plan has more classes than 8 bits hold. */
  readonly bytesPerLabel: 1 | 2;
  /** Of a retraining; `null`: cases are drawn by their weights. */
  readonly mix: CaseMix | null;
  /** Part of the patches of a corrected case that are centred on a voxel that was corrected, 0 … 1. */
  readonly correctedPart: number;
}

/** Images [N, …patch, C], labels [N, …patch]. */
export interface Batch {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
}

/** Where a training gets its batches from: this thread, or one that works ahead. */
export interface BatchSource extends Batch {
  /** Random state after the last batch drawn: with it, `restore` goes on as if nothing had happened. */
  readonly state: RandomState;
  restore(state: RandomState): void;
  /** Makes `images` and `labels` the next batch. What they were is used up. */
  draw(): Promise<void>;
}

export function emptyBatch({ blockDhw, samplesPerBlock, batchSize, channels, bytesPerLabel }: SamplerSpec): Batch {
  const voxels = (batchSize * voxelCount(blockDhw)) / samplesPerBlock;
  return { images: new Float32Array(voxels * channels), labels: bytesPerLabel === 1 ? new Uint8Array(voxels) : new Uint16Array(voxels) };
}

/** One patch as drawn, before its voxels are there. */
interface DrawnPatch {
  readonly originDhw: ShapeDhw;
  readonly pose: PoseMatrix | null;
  readonly box: Box;
  readonly window: Promise<CaseWindow>;
}

/** Arrays of a batch are reused: use them up before the next `draw`. */
export class PatchSampler implements BatchSource {
  readonly images: Batch['images'];
  readonly labels: Batch['labels'];
  readonly #cases: TrainingCases;
  readonly #spec: SamplerSpec;
  readonly #sample: Sample;
  readonly #boxes = new Map<number, Box[][]>();
  #random: Random;

  constructor(cases: TrainingCases, spec: SamplerSpec, seed: number) {
    this.#cases = cases;
    this.#spec = spec;
    ({ images: this.images, labels: this.labels } = emptyBatch(spec));
    const classes = spec.bytesPerLabel === 1 ? new Uint8Array(voxelCount(spec.blockDhw)) : new Uint16Array(voxelCount(spec.blockDhw));
    this.#sample = emptySample(spec.blockDhw, spec.channels, classes);
    this.#random = Random.fromSeed(seed);
  }

  get state(): RandomState {
    return this.#random.state;
  }

  restore(state: RandomState): void {
    this.#random = Random.fromState(state);
  }

  draw(): Promise<void> {
    return this.drawInto(this);
  }

  /** Fills a batch of `emptyBatch`. Everything is drawn before anything is read, so that reading runs ahead of the arithmetic. */
  async drawInto(batch: Batch): Promise<void> {
    const { batchSize, samplesPerBlock, augmentation } = this.#spec;
    const patches: DrawnPatch[] = [];
    const { mix } = this.#spec;
    const mixed = mix && drawCases(this.#cases.weights, mix, Math.ceil(batchSize / samplesPerBlock), this.#random);
    for (let sample = 0; sample < batchSize; sample += samplesPerBlock) {
      const isForced = this.#isForced(sample);
      const index = mixed ? mixed[sample / samplesPerBlock]! : drawCases(this.#cases.weights, null, 1, this.#random)[0]!;
      patches.push(await this.#drawPatch(index, isForced));
    }
    for (const [n, patch] of patches.entries()) {
      await this.#fill(patch);
      applySteps(this.#sample, augmentation.steps, this.#random);
      this.#store(batch, n * samplesPerBlock, Math.min(samplesPerBlock, batchSize - n * samplesPerBlock));
    }
  }

  #isForced(sample: number): boolean {
    const { foreground, batchSize } = this.#spec;
    if (foreground.kind === 'eachByChance') return this.#random.next() < foreground.chance;
    return sample >= roundHalfEven(batchSize * (1 - foreground.part));
  }

  async #drawPatch(index: number, isForced: boolean): Promise<DrawnPatch> {
    const current = await this.#cases.load(index);
    const { blockDhw, augmentation } = this.#spec;
    const originDhw = await this.#origin(current, index, isForced);
    const pose = augmentation.pose && drawPose(augmentation.pose, this.#random);
    const box = pose ? poseWindow(pose, originDhw, blockDhw, augmentation.pose!) : { originDhw, shapeDhw: blockDhw };
    const window = current.readWindow(box.originDhw, box.shapeDhw);
    // one that fails is heard of when its turn comes, not as a rejection nobody waits for
    window.catch(() => undefined);
    return { originDhw, pose, box, window };
  }

  async #origin(current: TrainingCase, index: number, isForced: boolean): Promise<ShapeDhw> {
    const { foreground, blockDhw, correctedPart } = this.#spec;
    const random = this.#random;
    if (correctedPart > 0 && current.corrected.length > 0 && random.next() < correctedPart)
      return centredOn(current.corrected, current.shapeDhw, blockDhw, random);
    if (isForced && foreground.kind === 'eachByChance') {
      const object = drawObject(await this.#objectsOf(current, index, foreground.classes), random);
      if (object) return insideVolume(drawCropAt(object, blockDhw, random), current.shapeDhw, blockDhw);
    } else if (isForced) {
      const present = current.locations.filter((list) => list.length > 0);
      if (present.length > 0) return centredOn(present[random.below(present.length)]!, current.shapeDhw, blockDhw, random);
    }
    if (current.annotated && current.annotated.length > 0) return centredOn(current.annotated, current.shapeDhw, blockDhw, random);
    return anywhere(current.shapeDhw, blockDhw, random);
  }

  /** Looked for once per case: it takes the whole label map. */
  async #objectsOf(current: TrainingCase, index: number, classes: readonly number[]): Promise<Box[][]> {
    const known = this.#boxes.get(index);
    if (known) return known;
    const whole = await current.readWindow([0, 0, 0], current.shapeDhw);
    const boxes = objectBoxes(whole.classes, current.shapeDhw, classes);
    this.#boxes.set(index, boxes);
    return boxes;
  }

  async #fill({ window, box, pose, originDhw }: DrawnPatch): Promise<void> {
    const read = await window;
    if (pose) return resamplePose(read, box, pose, originDhw, this.#sample);
    this.#sample.image.set(read.image);
    this.#sample.classes.set(read.classes);
    if (read.inside) this.#sample.inside.set(read.inside);
    else this.#sample.inside.fill(1);
  }

  /** The first `count` samples of the block into the batch, channels last. */
  #store({ images, labels }: Batch, first: number, count: number): void {
    const { channels, samplesPerBlock } = this.#spec;
    const { image, classes, scratch } = this.#sample;
    const perSample = scratch.length / samplesPerBlock;
    const used = perSample * count;
    labels.set(classes.subarray(0, used), first * perSample);
    const begin = first * perSample * channels;
    if (channels === 1) return images.set(image.subarray(0, used), begin);
    for (let c = 0; c < channels; c++) {
      const plane = c * scratch.length;
      for (let n = 0, to = begin + c; n < used; n++, to += channels) images[to] = image[plane + n]!;
    }
  }
}

/** Lowest and highest first voxel along an axis: the block stays inside, or around an axis shorter than itself. */
function limitsAlong(size: number, count: number): readonly [lowest: number, highest: number] {
  const padding = Math.max(0, count - size);
  const lowest = -Math.floor(padding / 2);
  return [lowest, Math.max(lowest, size - count + Math.ceil(padding / 2))];
}

function anywhere(volume: ShapeDhw, block: ShapeDhw, random: Random): ShapeDhw {
  const along = (axis: 0 | 1 | 2): number => {
    const [lowest, highest] = limitsAlong(volume[axis], block[axis]);
    return lowest + random.below(highest - lowest + 1);
  };
  return [along(0), along(1), along(2)];
}

/** The block with its middle on one voxel of `list` (flat indices), moved into the volume. */
function centredOn(list: Uint32Array, volume: ShapeDhw, block: ShapeDhw, random: Random): ShapeDhw {
  const voxel = list[random.below(list.length)]!;
  const plane = volume[1] * volume[2];
  const center = [Math.floor(voxel / plane), Math.floor((voxel % plane) / volume[2]), voxel % volume[2]] as const;
  return insideVolume([center[0] - (block[0] >> 1), center[1] - (block[1] >> 1), center[2] - (block[2] >> 1)], volume, block);
}

function insideVolume(origin: ShapeDhw, volume: ShapeDhw, block: ShapeDhw): ShapeDhw {
  const along = (axis: 0 | 1 | 2): number => {
    const [lowest, highest] = limitsAlong(volume[axis], block[axis]);
    return Math.min(highest, Math.max(lowest, origin[axis]));
  };
  return [along(0), along(1), along(2)];
}

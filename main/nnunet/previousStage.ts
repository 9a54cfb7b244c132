/**
 * The second stage of a cascade sees, beside the image, what the first stage predicted, one channel per class. While training
 * that prediction is disturbed, so that the network does not simply copy it (nnunet-v2.md §5, "Cascade extras").
 */
import { connectedComponents } from '../imaging/connectedComponents.ts';
import { dilateBall, erodeBall } from '../imaging/ballMorphology.ts';
import { voxelCount, type ShapeDhw } from '../imaging/tensorShape.ts';
import type { BatchSource } from './train/patches.ts';
import type { Plan } from './plan/plan.ts';
import { Random, type RandomState } from './random.ts';
import type { ClassArray } from './train/trainingCase.ts';

/**
 * Truth and prediction travel to the patch as one label, so that both are cut, turned and mirrored alike:
 * truth + `joinBase` · prediction.
 */
export const joinBase = ({ classes }: Pick<Plan, 'classes'>): number => classes.length + 2; // background and ignore class

/** More labels than this do not fit joined into 16 bits; a network with a channel for each would not fit anywhere either. */
export const MOST_CASCADE_CLASSES = 254;

export function joinedClasses(truth: ClassArray, previous: ClassArray, base: number): Uint16Array<ArrayBuffer> {
  const joined = new Uint16Array(truth.length);
  for (let n = 0; n < joined.length; n++) joined[n] = truth[n]! + base * previous[n]!;
  return joined;
}

/** Of a patch, and then of each of its labels. */
const CHANCES = { shape: 0.4, removal: 0.2, perLabel: 0.5 };
const LARGEST_RADIUS = 8;
/** Components larger than this part of the patch are never removed. */
const REMOVABLE_PART = 0.15;

/** Changes a patch of predicted classes [D, H, W] in place. */
export function disturbPrevious(classes: ClassArray, shape: ShapeDhw, classCount: number, random: Random, chances = CHANCES): void {
  const each = (change: typeof changeShape): void => {
    for (let label = 1; label <= classCount; label++) if (random.next() < chances.perLabel) change(classes, shape, label, random);
  };
  if (random.next() < chances.shape) each(changeShape);
  if (random.next() < chances.removal) each(removeComponent);
}

/** One of dilation, erosion, closing and opening; what grows takes voxels from the others. */
function changeShape(classes: ClassArray, shape: ShapeDhw, label: number, random: Random): void {
  const radius = 1 + random.below(LARGEST_RADIUS);
  const kind = random.below(4);
  const mask = Uint8Array.from(classes, (value) => (value === label ? 1 : 0));
  if (!mask.includes(1)) return;
  const steps = [[dilateBall], [erodeBall], [dilateBall, erodeBall], [erodeBall, dilateBall]][kind]!;
  const changed = steps.reduce<Uint8Array>((current, step) => step(current, shape, radius), mask);
  for (let n = 0; n < classes.length; n++) {
    if (changed[n] === 1) classes[n] = label;
    else if (mask[n] === 1) classes[n] = 0;
  }
}

function removeComponent(classes: ClassArray, shape: ShapeDhw, label: number, random: Random): void {
  const { begin, end, component, voxelCounts } = connectedComponents(classes, shape, [label]);
  const small = [...voxelCounts.keys()].filter((index) => voxelCounts[index]! < REMOVABLE_PART * voxelCount(shape));
  if (small.length === 0) return;
  const chosen = small[random.below(small.length)]!;
  component.forEach((one, run) => {
    if (one === chosen) classes.fill(0, begin[run], end[run]);
  });
}

export interface CascadeSpec {
  readonly patch: ShapeDhw;
  /** Of the images as drawn, without the previous stage's. */
  readonly channels: number;
  /** Without background. */
  readonly classCount: number;
  readonly joinBase: number;
}

/** Draws from a source whose labels are joined; gives images with one-hot channels of the previous stage, and true labels. */
export class CascadeSource implements BatchSource {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly #source: BatchSource;
  readonly #spec: CascadeSpec;
  readonly #previous: Uint16Array<ArrayBuffer>;

  constructor(source: BatchSource, spec: CascadeSpec) {
    const voxels = source.labels.length;
    this.#source = source;
    this.#spec = spec;
    this.#previous = new Uint16Array(voxelCount(spec.patch));
    this.images = new Float32Array(voxels * (spec.channels + spec.classCount));
    this.labels = spec.joinBase > 256 ? new Uint16Array(voxels) : new Uint8Array(voxels);
  }

  get state(): RandomState {
    return this.#source.state;
  }

  restore(state: RandomState): void {
    this.#source.restore(state);
  }

  async draw(): Promise<void> {
    await this.#source.draw();
    const { patch, joinBase: base, classCount } = this.#spec;
    const { images, labels: joined } = this.#source;
    // from the state that a checkpoint keeps: a resumed training disturbs as an uninterrupted one
    const [a, b] = this.#source.state;
    const random = Random.fromSeed(((a ^ b) >>> 0) + 1);
    const voxels = voxelCount(patch);
    for (let first = 0; first < joined.length; first += voxels) {
      for (let n = 0; n < voxels; n++) {
        const value = joined[first + n]!;
        this.labels[first + n] = value % base;
        this.#previous[n] = Math.floor(value / base);
      }
      disturbPrevious(this.#previous, patch, classCount, random);
      this.#store(images, first, voxels);
    }
  }

  #store(images: Float32Array, first: number, voxels: number): void {
    const { channels, classCount } = this.#spec;
    const all = channels + classCount;
    for (let n = 0; n < voxels; n++) {
      const to = (first + n) * all;
      for (let c = 0; c < channels; c++) this.images[to + c] = images[(first + n) * channels + c]!;
      for (let label = 1; label <= classCount; label++) this.images[to + channels + label - 1] = this.#previous[n] === label ? 1 : 0;
    }
  }
}

/** Preprocessed cases on disk, made once for each plan, image and label map, and kept in memory while they fit. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { TrainCase } from '../contract/tasks.ts';
import type { Segment } from '../contract/vocabulary.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { classLocations } from '../nnunet/classLocations.ts';
import { copyBox } from '../imaging/copyBox.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan.ts';
import { CaseGeometry, classesOfLabels, preprocessClasses, preprocessImage } from '../nnunet/preprocess.ts';
import { Random } from '../nnunet/random.ts';
import type { CaseWindow, TrainingCase, TrainingCases } from '../nnunet/trainingCase.ts';
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import { voxelCount } from '../imaging/tensorShape.ts';
import { readArrayFile, writeArrayFile } from './arrayFile.ts';
import type { StoredArray } from './arrayFile.ts';
import { exists } from './runFiles.ts';

const LOCATION_SEED = 1234;
/** Cases in memory may take this much; beyond it they are read again when drawn. */
const MEMORY_BYTES = 4 * 2 ** 30;

export interface PreprocessedCase extends TrainingCase {
  readonly geometry: CaseGeometry;
  /** The whole image, channel after channel. Do not change it. */
  readImage(): Promise<Float32Array>;
}

/** Changes with anything that changes the result; image files and label revisions are immutable, so their paths stand for them. */
function keyOf(trainCase: TrainCase, plan: Plan, configuration: PlanConfiguration): string {
  const { transposeForward, channels, classes } = plan;
  const facts = { version: 1, transposeForward, channels, classes, spacing: configuration.spacingDhwMm, image: trainCase.image, labels: trainCase.labelFile };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
}

export class PreprocessedStore {
  readonly #folder: string;
  readonly #plan: Plan;
  readonly #configuration: PlanConfiguration;
  readonly #memory = new Map<string, PreprocessedCase>();
  #memoryBytes = 0;

  constructor(folder: string, plan: Plan, configuration: PlanConfiguration) {
    this.#folder = folder;
    this.#plan = plan;
    this.#configuration = configuration;
  }

  #file(trainCase: TrainCase): string {
    return join(this.#folder, keyOf(trainCase, this.#plan, this.#configuration), `${trainCase.caseId}.bin`);
  }

  /** Makes the file of a case unless it is there. Throws `train/incompatible-parent` style errors as `labels/unknown-label`. */
  async prepare(trainCase: TrainCase): Promise<void> {
    const file = this.#file(trainCase);
    if (await exists(file)) return;
    const { image, geometry } = preprocessImage(await readStoredImage(trainCase.image), this.#plan, this.#configuration);
    const labels = await readLabelmap(trainCase.labelFile);
    const known = classesOfLabels(labels.voxels, this.#plan);
    if (!known.ok) throw new AppException({ code: 'labels/unknown-label', caseId: trainCase.caseId, labelValue: known.labelValue });
    const classes = preprocessClasses(known.classes, geometry, this.#plan);
    const locations = classLocations(classes, this.#plan.classes.length + 1, Random.fromSeed(LOCATION_SEED));
    const shape = [...geometry.shapeDhw];
    const arrays: StoredArray[] = [
      { name: 'image', shape: [this.#plan.channels.length, ...shape], values: image },
      { name: 'classes', shape, values: classes },
      ...locations.map((values, index) => ({ name: `locations.${index}`, shape: [values.length], values })),
    ];
    await mkdir(join(file, '..'), { recursive: true });
    await writeArrayFile(file, { version: 1, geometry }, arrays);
  }

  async load(trainCase: TrainCase): Promise<PreprocessedCase> {
    const file = this.#file(trainCase);
    const known = this.#memory.get(file);
    if (known) return known;
    const { loaded, byteCount } = await readPreprocessed(file);
    if (this.#memoryBytes + byteCount <= MEMORY_BYTES) {
      this.#memory.set(file, loaded);
      this.#memoryBytes += byteCount;
    }
    return loaded;
  }

  trainingCases(cases: readonly TrainCase[]): TrainingCases {
    return { weights: cases.map(({ weight }) => weight), load: (index) => this.load(cases[index]!) };
  }
}

async function readPreprocessed(path: string): Promise<{ loaded: PreprocessedCase; byteCount: number }> {
  const { about, arrays } = await readArrayFile(path, z.object({ version: z.literal(1), geometry: CaseGeometry }));
  const [image, classes, ...locations] = arrays.map(({ values }) => values);
  const isComplete = image instanceof Float32Array && classes instanceof Uint8Array;
  const lists = locations.filter((list) => list instanceof Uint32Array);
  if (!isComplete || lists.length !== locations.length) throw new AppException({ code: 'disk/corrupt', path, detail: 'arrays of other types' });
  const { geometry } = about;
  const channels = image.length / classes.length;
  const loaded: PreprocessedCase = {
    geometry,
    shapeDhw: geometry.shapeDhw,
    channels,
    locations: lists,
    annotated: null,
    readImage: () => Promise.resolve(image),
    readWindow: (origin, shape) => Promise.resolve(windowOf(image, classes, geometry.shapeDhw, channels, origin, shape)),
  };
  return { loaded, byteCount: arrays.reduce((sum, { values }) => sum + values.byteLength, 0) };
}

function windowOf(image: Float32Array, classes: Uint8Array, shape: ShapeDhw, channels: number, origin: ShapeDhw, size: ShapeDhw): CaseWindow {
  const [volume, count] = [voxelCount(shape), voxelCount(size)];
  const window = { image: new Float32Array(channels * count), classes: new Uint8Array(count), inside: null };
  const [from, to] = [{ originDhw: [0, 0, 0], shapeDhw: shape } as const, { originDhw: origin, shapeDhw: size }];
  for (let c = 0; c < channels; c++) {
    copyBox({ ...from, values: image.subarray(c * volume, (c + 1) * volume) }, { ...to, values: window.image.subarray(c * count, (c + 1) * count) });
  }
  copyBox({ ...from, values: classes }, { ...to, values: window.classes });
  return window;
}

/** Legend labels that a plan does not know, or that it knows and the legend lacks: then weights do not fit. */
export function legendMismatch(plan: Plan, legend: readonly Segment[]): string | null {
  const planned = plan.classes.map(({ labelValue }) => labelValue).sort((a, b) => a - b).join();
  const wanted = legend.map(({ labelValue }) => labelValue).filter((value) => value !== plan.ignoreLabelValue).sort((a, b) => a - b).join();
  return planned === wanted ? null : `the model knows the labels ${planned}, the project has ${wanted}`;
}

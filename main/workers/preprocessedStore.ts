/** Preprocessed cases on disk, made once for each plan, image and label map, and read by windows as training asks. */
import { totalmem } from 'node:os';
import type { TrainCase } from '../contract/tasks.ts';
import type { Segment } from '../contract/vocabulary.ts';
import type { ShapeDhw } from '../imaging/tensorShape.ts';
import { ChunkedFile, fileSource, type ByteSource, type ChunkCache } from '../dataset/chunkedFile.ts';
import { LruCache } from '../dataset/lruCache.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import type { CaseGeometry } from '../nnunet/preprocess/preprocess.ts';
import { joinBase, joinedClasses } from '../nnunet/previousStage.ts';
import type { ClassArray, TrainingCase, TrainingCases } from '../nnunet/train/trainingCase.ts';
import { PreprocessedAbout, preprocessCase, preprocessedFile, type PreprocessRequest } from './preprocessCase.ts';

/** Unpacked chunks in memory: a small data set stays there whole, of a large one what was drawn last. */
const LARGEST_CACHE_BYTES = 2 * 2 ** 30;
const CACHE_PART_OF_MEMORY = 1 / 8;
/** Lists of voxels to centre patches on, of the cases drawn last. */
const LIST_CACHE_BYTES = 256 * 2 ** 20;

/** What the chunks in memory may take. */
export const cacheLimitBytes = (): number => Math.min(LARGEST_CACHE_BYTES, totalmem() * CACHE_PART_OF_MEMORY);

export interface PreprocessedCase extends TrainingCase {
  readonly geometry: CaseGeometry;
  /** The whole image, channel after channel; the caller's own. What was not in memory is not kept there. */
  readImage(): Promise<Float32Array>;
  /** What the first stage of a cascade predicted, [D, H, W]; null without one. Windows then hold joined labels (`previousStage.ts`). */
  readPrevious(): Promise<ClassArray | null>;
}

export interface StoreOptions {
  readonly cacheBytes?: number;
  /** How files are read; a test counts. */
  readonly open?: (path: string) => ByteSource;
}

export class PreprocessedStore {
  readonly #folder: string;
  readonly #plan: Plan;
  readonly #configuration: PlanConfiguration;
  readonly #open: (path: string) => ByteSource;
  readonly #chunks: ChunkCache;
  readonly #cases = new LruCache<Promise<PreprocessedCase>>(LIST_CACHE_BYTES);

  constructor(folder: string, plan: Plan, configuration: PlanConfiguration, options: StoreOptions = {}) {
    this.#folder = folder;
    this.#plan = plan;
    this.#configuration = configuration;
    this.#open = options.open ?? fileSource;
    this.#chunks = new LruCache(options.cacheBytes ?? cacheLimitBytes());
  }

  /** What `preprocessCase` needs, here or in a thread. */
  requestFor(trainCase: TrainCase): PreprocessRequest {
    return { folder: this.#folder, plan: this.#plan, configuration: this.#configuration, trainCase };
  }

  /** Makes the file of a case unless it is there; throws as `preprocessCase`. */
  async prepare(trainCase: TrainCase): Promise<void> {
    await preprocessCase(this.requestFor(trainCase));
  }

  /** A prepared case. Throws `disk/corrupt` for a damaged file, ENOENT for one that was never made. */
  load(trainCase: TrainCase): Promise<PreprocessedCase> {
    const file = preprocessedFile(this.requestFor(trainCase));
    const known = this.#cases.get(file);
    if (known) return known;
    const loading = openCase(this.#open(file), this.#chunks, joinBase(this.#plan));
    // its size is known when it has come
    void loading.then(
      (loaded) => this.#cases.set(file, loading, listBytes(loaded)),
      () => undefined,
    );
    return loading;
  }

  trainingCases(cases: readonly TrainCase[]): TrainingCases {
    return { weights: cases.map(({ weight }) => weight), load: (index) => this.load(cases[index]!) };
  }
}

const CASE_OVERHEAD_BYTES = 64 * 1024;
const listBytes = ({ locations, annotated, corrected }: TrainingCase): number =>
  CASE_OVERHEAD_BYTES + (annotated?.byteLength ?? 0) + corrected.byteLength + locations.reduce((sum, { byteLength }) => sum + byteLength, 0);

/** `base`: of the joined labels of a cascade. */
async function openCase(source: ByteSource, cache: ChunkCache, base: number): Promise<PreprocessedCase> {
  const file = await ChunkedFile.open(source, PreprocessedAbout, cache);
  const { geometry, locationCounts, annotatedCount, correctedCount } = file.about;
  const { shapeDhw } = geometry;
  const listOf = (name: string, count: number): Promise<Uint32Array> =>
    count === 0 ? Promise.resolve(new Uint32Array(0)) : file.readBox(name, 'uint32', [0, 0, 0], [1, 1, count], 'passing');
  const total = locationCounts.reduce((sum, count) => sum + count, 0);
  const [all, annotated, corrected] = await Promise.all([
    listOf('locations', total),
    annotatedCount === null ? null : listOf('annotated', annotatedCount),
    listOf('corrected', correctedCount),
  ]);
  let offset = 0;
  const locations = locationCounts.map((count) => all.subarray(offset, (offset += count)));
  const classesIn = (name: string, origin: ShapeDhw, shape: ShapeDhw, use?: 'passing'): Promise<ClassArray> =>
    file.readBox(name, file.typeOf(name) === 'uint16' ? 'uint16' : 'uint8', origin, shape, use);
  const hasPrevious = file.has('previous');
  return {
    geometry,
    shapeDhw,
    channels: file.channelsOf('image'),
    locations,
    annotated,
    corrected,
    readImage: () => file.readBox('image', 'float32', [0, 0, 0], shapeDhw, 'passing'),
    readPrevious: () => (hasPrevious ? classesIn('previous', [0, 0, 0], shapeDhw, 'passing') : Promise.resolve(null)),
    async readWindow(origin, shape) {
      const inside = file.has('inside') ? file.readBox('inside', 'uint8', origin, shape) : null;
      const previous = hasPrevious ? classesIn('previous', origin, shape) : null;
      const [image, truth] = await Promise.all([file.readBox('image', 'float32', origin, shape), classesIn('classes', origin, shape), inside, previous]);
      const before = await previous;
      return { image, classes: before ? joinedClasses(truth, before, base) : truth, inside: await inside };
    },
  };
}

/** Legend labels that a plan does not know, or that it knows and the legend lacks: then weights do not fit. */
export function legendMismatch(plan: Plan, legend: readonly Segment[]): string | null {
  const planned = plan.classes
    .map(({ labelValue }) => labelValue)
    .sort((a, b) => a - b)
    .join();
  const wanted = legend
    .map(({ labelValue }) => labelValue)
    .filter((value) => value !== plan.ignoreLabelValue)
    .sort((a, b) => a - b)
    .join();
  return planned === wanted ? null : `the model knows the labels ${planned}, the project has ${wanted}`;
}

/**
 * Pictures of one validation case, one for each validation of a training, beside the truth: `film/` in the run's folder. They
 * show what the validation predicts anyhow, so they cost a slice and a PNG each; where that is too dear a frame is left out.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FilmFrame, PredictionFilm } from '../contract/predictionFilm.ts';
import type { TrainCase } from '../contract/tasks.ts';
import type { Segment } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { FILM_FILE, FILM_FOLDER, frameFile, readFilm, TRUTH_FILE } from '../dataset/filmFiles.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { drawThumbnail, thumbnailSlice } from '../export/caseThumbnail.ts';
import type { VoxelArray } from '../imaging/volume.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import { labelsOfClasses } from '../nnunet/preprocess/preprocess.ts';

/** Of the training's time. */
const MOST_SHARE = 0.02;
/** A slider has no finer steps; of more, every second one goes. */
const MOST_FRAMES = 240;
const SIDE_PX = 288;

type FrameFacts = Omit<FilmFrame, 'dice'>;

/** The slice that is filmed, ready to be drawn on. */
interface Scene {
  readonly one: TrainCase;
  readonly sliceK: number;
  readonly values: ArrayLike<number>;
}

export class FilmMaker {
  #film: PredictionFilm | null = null;
  #scene: Scene | null = null;

  constructor(
    private readonly folder: string,
    private readonly plan: Plan,
    private readonly legend: readonly Segment[],
  ) {}

  /** Goes on with the film of a run that is resumed. Throws `disk/corrupt`. */
  static async open(runFolder: string, plan: Plan, legend: readonly Segment[]): Promise<FilmMaker> {
    const maker = new FilmMaker(join(runFolder, FILM_FOLDER), plan, legend);
    maker.#film = await readFilm(runFolder);
    return maker;
  }

  /** `classes` on the stored grid of `one`, `dice` of each class (NaN: in neither). Every call after the first with the same case. */
  async add(one: TrainCase, classes: LabelArray, dice: readonly number[], facts: FrameFacts): Promise<void> {
    const spentMs = this.#film?.spentMs ?? 0;
    if (spentMs > MOST_SHARE * facts.elapsedSeconds * 1000) return;
    const began = performance.now();
    const scene = (this.#scene ??= await this.#setUp(one));
    const known = dice.filter((value) => !Number.isNaN(value));
    const frame = { ...facts, dice: known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : null };
    await this.#write(frameFile(facts.step), this.#draw(scene, labelsOfClasses(classes, this.plan)));
    const { film, dropped } = withFrame(this.#film!, frame);
    this.#film = { ...film, spentMs: spentMs + performance.now() - began };
    await this.#write(FILM_FILE, Buffer.from(`${JSON.stringify(this.#film)}\n`));
    for (const { step } of dropped) await rm(join(this.folder, frameFile(step)), { force: true });
  }

  /** Reads the case once; its truth becomes a picture, too. */
  async #setUp(one: TrainCase): Promise<Scene> {
    const { caseId, image, labelFile } = one;
    const truth = (await readLabelmap(labelFile)).voxels;
    const sliceK = thumbnailSlice(truth, image.grid);
    const [channel] = await readStoredImage({ ...image, files: image.files.slice(0, 1) });
    const scene = { one, sliceK, values: sliceOf(channel!.voxels, one, sliceK).slice() };
    await mkdir(this.folder, { recursive: true });
    await this.#write(TRUTH_FILE, this.#draw(scene, truth));
    const frames = this.#film?.caseId === caseId && this.#film.sliceK === sliceK ? this.#film.frames : [];
    this.#film = { version: 1, caseId, sliceK, sliceCount: image.grid.dimsIjk[2], spentMs: this.#film?.spentMs ?? 0, frames };
    return scene;
  }

  #draw({ one, sliceK, values }: Scene, labels: LabelArray): Uint8Array {
    const { grid, channelNames } = one.image;
    return drawThumbnail({ grid, modality: channelNames[0] ?? '', values, labels: sliceOf(labels, one, sliceK), legend: this.legend, largestSidePx: SIDE_PX });
  }

  #write(name: string, bytes: Uint8Array): Promise<void> {
    return writeFileAtomic(join(this.folder, name), bytes);
  }
}

/** Pure: what a resumed run does once more replaces what it did; of too many frames every second goes, the first and the new one stay. */
export function withFrame(film: PredictionFilm, frame: FilmFrame): { readonly film: PredictionFilm; readonly dropped: readonly FilmFrame[] } {
  const before = film.frames.filter(({ step }) => step < frame.step);
  const kept = before.length < MOST_FRAMES ? before : before.filter((_, n) => n % 2 === 0);
  const dropped = film.frames.filter((one) => !kept.includes(one) && one.step !== frame.step);
  return { film: { ...film, frames: [...kept, frame] }, dropped };
}

function sliceOf(voxels: VoxelArray, { image }: TrainCase, sliceK: number): VoxelArray {
  const [ni, nj] = image.grid.dimsIjk;
  return voxels.subarray(sliceK * ni * nj, (sliceK + 1) * ni * nj);
}

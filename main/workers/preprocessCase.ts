/** One case into its file of chunks. Runs in the compute process or in a thread of it (`preprocessThread.ts`). */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { TrainCase } from '../contract/tasks.ts';
import type { CaseId } from '../contract/vocabulary.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { chunkShapeFor } from '../dataset/chunkGrid.ts';
import { writeChunkedFile, type ChunkedArray } from '../dataset/chunkedFile.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { toCanonical } from '../imaging/orientation.ts';
import { classLocations } from '../nnunet/preprocess/classLocations.ts';
import { correctedVoxels } from '../nnunet/preprocess/correctedVoxels.ts';
import { patchDhw } from '../nnunet/patchWindow.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import { CaseGeometry, classesOfLabels, preprocessImage, preprocessLabels } from '../nnunet/preprocess/preprocess.ts';
import { withUnknownIgnored } from '../nnunet/preprocess/unknownVoxels.ts';
import { Random } from '../nnunet/random.ts';
import type { ClassArray } from '../nnunet/train/trainingCase.ts';
import { exists } from './runFiles.ts';

/** v2's. */
const LOCATION_SEED = 1234;
/** Of what `keyOf` does not see: the rules of preprocessing and the arrays in the file. */
const FILE_VERSION = 3;
const LARGEST_LIST_CHUNK = 2 ** 18;

/**
 * Arrays: `image`, `classes` (uint8, or uint16 where the plan has a class above 255), `inside` where a channel is normalised
 * inside the mask only, `previous` (classes that the first stage of a cascade predicted), `locations` (all lists one after
 * another), `annotated` where there is an ignore class and `corrected` where a person changed what a model had drawn.
 */
export const PreprocessedAbout = z.object({
  version: z.literal(FILE_VERSION),
  geometry: CaseGeometry,
  /** Length of each list in `locations`. */
  locationCounts: z.array(z.int().nonnegative()),
  annotatedCount: z.int().nonnegative().nullable(),
  /** Files of cases that no model drew first have none. */
  correctedCount: z.int().nonnegative().default(0),
});
type PreprocessedAbout = z.infer<typeof PreprocessedAbout>;

/** Plain data: it crosses to a thread. */
export interface PreprocessRequest {
  readonly folder: string;
  readonly plan: Plan;
  readonly configuration: PlanConfiguration;
  readonly trainCase: TrainCase;
}

/** Where the result lies. Image files and label revisions are immutable, so their paths stand for them. */
export function preprocessedFile({ folder, plan, configuration, trainCase }: PreprocessRequest): string {
  const { preset, transposeForward, channels, classes, regions, ignoreClass, ignoreLabelValue } = plan;
  const { image, labelFile, completeness, backgroundFile, predictedFile } = trainCase;
  const previousFile = configuration.previousStage ? trainCase.previousFile : undefined;
  const rules = { version: FILE_VERSION, isSeed: preset === 'seed', is2d: configuration.name === '2d', spacing: configuration.spacingDhwMm };
  const facts = {
    ...rules,
    transposeForward,
    channels,
    classes,
    regions,
    ignoreClass,
    ignoreLabelValue,
    image,
    labelFile,
    completeness,
    backgroundFile,
    previousFile,
    predictedFile,
  };
  const key = createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 24);
  return join(folder, key, `${trainCase.caseId}.chunks`);
}

/**
 * Makes the file unless it is there; one that is there is whole, because files appear by renaming. False when nothing
 * was to do. Throws `labels/unknown-label` for a label that the plan lacks, and what reading and writing throw.
 */
export async function preprocessCase(request: PreprocessRequest): Promise<boolean> {
  const file = preprocessedFile(request);
  if (await exists(file)) return false;
  const { plan, configuration, trainCase } = request;
  const { image, geometry, croppedMask } = preprocessImage(await readStoredImage(trainCase.image), plan, configuration);
  const labels = (await readLabelmap(trainCase.labelFile)).voxels;
  const known = classesOfLabels(labels, plan);
  if (!known.ok) throw new AppException({ code: 'labels/unknown-label', caseId: trainCase.caseId, labelValue: known.labelValue });
  const { classes, inside } = preprocessLabels(await unknownIgnored(known.classes, trainCase, plan), croppedMask, geometry, plan);
  const { locations, annotated } = classLocations(classes, plan, Random.fromSeed(LOCATION_SEED));
  const predicted = trainCase.predictedFile === undefined ? null : (await readLabelmap(trainCase.predictedFile)).voxels;
  // where voxels are unknown, a difference from the prediction need not be a correction
  const corrected =
    predicted && !trainCase.completeness ? correctedVoxels(predicted, labels, plan.ignoreLabelValue, geometry, plan, Random.fromSeed(LOCATION_SEED)) : null;
  const volume = (name: string, values: Float32Array | ClassArray, channels: number): ChunkedArray => {
    const chunkShape = chunkShapeFor(patchDhw(configuration.patch), geometry.shapeDhw, channels * values.BYTES_PER_ELEMENT);
    return { name, channels, shape: geometry.shapeDhw, chunkShape, values };
  };
  const arrays = [volume('image', image, plan.channels.length), volume('classes', classes, 1)];
  if (inside && plan.channels.some(({ insideMaskOnly }) => insideMaskOnly)) arrays.push(volume('inside', inside, 1));
  if (configuration.previousStage && trainCase.previousFile) {
    const previous = await previousClasses(trainCase.previousFile, trainCase.caseId, plan);
    arrays.push(volume('previous', preprocessLabels(previous, null, geometry, plan).classes, 1));
  }
  arrays.push(
    ...list('locations', concatenated(locations)),
    ...(annotated ? list('annotated', annotated) : []),
    ...(corrected ? list('corrected', corrected) : []),
  );
  const about: PreprocessedAbout = {
    version: FILE_VERSION,
    geometry,
    locationCounts: locations.map(({ length }) => length),
    annotatedCount: annotated && annotated.length,
    correctedCount: corrected?.length ?? 0,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeChunkedFile(file, about, arrays);
  return true;
}

async function unknownIgnored(classes: ClassArray, { image, completeness, backgroundFile, caseId }: TrainCase, { ignoreClass }: Plan): Promise<ClassArray> {
  if (!completeness) return classes;
  if (ignoreClass === null) throw new Error(`${caseId} leaves voxels unknown, and the plan ignores none`);
  const background: LabelArray | null = backgroundFile === undefined ? null : (await readLabelmap(backgroundFile)).voxels;
  return withUnknownIgnored(classes, image.grid.dimsIjk, { completeness, background }, ignoreClass);
}

/** On the stored grid. */
async function previousClasses(file: string, caseId: CaseId, plan: Plan): Promise<ClassArray> {
  const { grid, voxels } = await readLabelmap(file);
  const known = classesOfLabels(toCanonical(voxels, grid).voxels, plan);
  if (!known.ok) throw new AppException({ code: 'labels/unknown-label', caseId, labelValue: known.labelValue });
  return known.classes;
}

/** An array of nothing has no shape, so it is left out. */
function list(name: string, values: Uint32Array): ChunkedArray[] {
  if (values.length === 0) return [];
  return [{ name, channels: 1, shape: [1, 1, values.length], chunkShape: [1, 1, Math.min(values.length, LARGEST_LIST_CHUNK)], values }];
}

function concatenated(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const one of lists) {
    all.set(one, offset);
    offset += one.length;
  }
  return all;
}

/** The files of a run folder: plans.json, dataset_fingerprint.json, checkpoints. (`runLog.ts`: metrics and TensorBoard.) */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { NamedArray } from '../../models/engine.ts';
import { AppException } from '../contract/errors.ts';
import { ConfigurationName } from '../contract/vocabulary.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import type { DatasetFingerprint } from '../nnunet/plan/fingerprint.ts';
import { parsePlan, type Plan } from '../nnunet/plan/plan.ts';
import { LoopState } from '../nnunet/train/trainLoop.ts';
import { readArrayFile, writeArrayFile } from './arrayFile.ts';
import type { StoredArray } from './arrayFile.ts';

/** `latest` holds weights and optimiser; `best` weights only, and `final` too: those of the end where none were validated. */
export const CheckpointAbout = z.object({ version: z.literal(1), configuration: ConfigurationName, loop: LoopState });
export type CheckpointAbout = z.infer<typeof CheckpointAbout>;
export type CheckpointKind = 'latest' | 'best' | 'final';

const checkpointFile = (runFolder: string, kind: CheckpointKind): string => join(runFolder, `checkpoint_${kind}.bin`);
const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

const floats = ({ name, shape, values }: StoredArray): NamedArray => {
  if (!(values instanceof Float32Array)) throw new Error(`array '${name}' is not float32`);
  return { name, shape, values };
};

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export const writeCheckpoint = (runFolder: string, kind: CheckpointKind, about: CheckpointAbout, arrays: readonly NamedArray[]): Promise<void> =>
  writeArrayFile(checkpointFile(runFolder, kind), about, arrays);

export const hasCheckpoint = (runFolder: string, kind: CheckpointKind): Promise<boolean> => exists(checkpointFile(runFolder, kind));

export async function readCheckpoint(runFolder: string, kind: CheckpointKind): Promise<{ about: CheckpointAbout; arrays: NamedArray[] }> {
  const { about, arrays } = await readArrayFile(checkpointFile(runFolder, kind), CheckpointAbout);
  return { about, arrays: arrays.map(floats) };
}

/** Weights of one epoch, kept beside the others. */
export const writeEpochWeights = (runFolder: string, about: CheckpointAbout, weights: readonly NamedArray[]): Promise<void> =>
  writeArrayFile(join(runFolder, `checkpoint_epoch_${String(about.loop.epoch).padStart(4, '0')}.bin`), about, weights);

/** Which checkpoint predicts: the best, else the final, else (not finished yet) the latest. Throws `predict/no-model`. */
export async function modelKind(runFolder: string): Promise<CheckpointKind> {
  for (const kind of ['best', 'final', 'latest'] as const) if (await hasCheckpoint(runFolder, kind)) return kind;
  throw new AppException({ code: 'predict/no-model' });
}

/** The weights that predict, see `modelKind`. Throws `predict/no-model`. */
export const modelFile = async (runFolder: string): Promise<string> => checkpointFile(runFolder, await modelKind(runFolder));

/** What predicts, see `modelKind`. */
export async function readModel(runFolder: string): Promise<{ plan: Plan; about: CheckpointAbout; weights: NamedArray[] }> {
  const { about, arrays } = await readCheckpoint(runFolder, await modelKind(runFolder));
  return { plan: await readPlan(runFolder), about, weights: arrays };
}

export const writePlan = (runFolder: string, plan: Plan): Promise<void> => writeFileAtomic(join(runFolder, 'plans.json'), json(plan));
export const writeFingerprint = (runFolder: string, fingerprint: DatasetFingerprint): Promise<void> =>
  writeFileAtomic(join(runFolder, 'dataset_fingerprint.json'), json(fingerprint));

export async function readPlan(runFolder: string): Promise<Plan> {
  const path = join(runFolder, 'plans.json');
  return parsePlan(await readFile(path, 'utf8'), path);
}

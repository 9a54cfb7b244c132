/** What a training read, by hash (`inputs.json` of its run), so that a repetition can say whether it is still the same. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { mkdir, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { ComputeDevice } from '../../models/engine.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TrainTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile, readIfThere } from '../dataset/readIfThere.ts';
import { sha256OfFile } from '../dataset/sha256OfFile.ts';
import { hashOfWeights } from './hashOfWeights.ts';

const Environment = z.object({ TensorFlow: z.string(), device: z.string(), processor: z.string(), 'threads of the processor': z.string() });
export const TrainingInputs = z.object({
  version: z.literal(1),
  environment: Environment,
  /** Of the file of weights that a retraining started from; `null`: none. */
  parentWeightsSha256: z.string().nullable(),
  /** `file`: image of a channel, mask, or what belongs to the mask; the names are told to people. `null`: it is not there. */
  files: z.array(z.object({ caseId: z.string(), file: z.string(), sha256: z.string().nullable() })),
});
export type TrainingInputs = z.infer<typeof TrainingInputs>;

const INPUTS_FILE = 'inputs.json';
/** Images and masks are never written twice, so what has the size and time it had is not read again. */
const Known = z.record(z.string(), z.object({ bytes: z.number(), changedMs: z.number(), sha256: z.string() }));
type Known = z.infer<typeof Known>;

/** `anew`: reads every file, whatever is known of it. Null when told to stop. */
export async function trainingInputs(
  { cases, parentRunFolder, preprocessedFolder }: TrainTask,
  environment: TrainingInputs['environment'],
  anew: boolean,
  stop: JobPort['stop'],
): Promise<TrainingInputs | null> {
  const cacheFile = join(preprocessedFolder, 'file-hashes.json');
  const known: Known = anew ? {} : await knownHashes(cacheFile);
  const files: TrainingInputs['files'] = [];
  const add = async (caseId: string, file: string, path: string | undefined): Promise<void> => {
    if (path !== undefined) files.push({ caseId, file, sha256: await hashOf(path, known) });
  };
  for (const { caseId, image, labelFile, backgroundFile, predictedFile, previousFile } of cases) {
    if (stop.aborted) return null;
    for (const [n, path] of image.files.entries()) await add(caseId, `image of channel ${n + 1}`, path);
    await add(caseId, 'mask', labelFile);
    await add(caseId, 'painted background', backgroundFile);
    await add(caseId, 'prediction that was corrected', predictedFile);
    await add(caseId, 'prediction of the first stage', previousFile);
  }
  if (!anew) {
    await mkdir(preprocessedFolder, { recursive: true });
    await writeFileAtomic(cacheFile, Buffer.from(JSON.stringify(known)));
  }
  return { version: 1, environment, parentWeightsSha256: parentRunFolder === undefined ? null : await hashOfWeights(parentRunFolder), files };
}

async function knownHashes(path: string): Promise<Known> {
  const bytes = await readIfThere(path);
  try {
    return Known.parse(bytes && JSON.parse(bytes.toString('utf8')));
  } catch {
    return {}; // may be deleted at any time, like all of this folder
  }
}

async function hashOf(path: string, known: Known): Promise<string | null> {
  try {
    const { size: bytes, mtimeMs: changedMs } = await stat(path);
    const before = known[path];
    if (before?.bytes === bytes && before.changedMs === changedMs) return before.sha256;
    const sha256 = await sha256OfFile(path);
    known[path] = { bytes, changedMs, sha256 };
    return sha256;
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

export function environmentOf(tensorflowVersion: string, device: ComputeDevice): TrainingInputs['environment'] {
  const gpu = device.kind === 'gpu' ? `GPU of compute capability ${device.computeCapability ?? 'unknown'}` : 'CPU';
  const threads = process.env.TF_NUM_INTRAOP_THREADS ?? String(cpus().length);
  return { TensorFlow: tensorflowVersion, device: gpu, processor: cpus()[0]?.model.trim() ?? 'unknown', 'threads of the processor': threads };
}

export const writeInputs = (runFolder: string, inputs: TrainingInputs): Promise<void> =>
  writeFileAtomic(join(runFolder, INPUTS_FILE), Buffer.from(`${JSON.stringify(inputs, null, 2)}\n`));

/** Null for a run of a version that kept none. */
export async function readInputs(runFolder: string): Promise<TrainingInputs | null> {
  const bytes = await readIfThere(join(runFolder, INPUTS_FILE));
  return bytes && TrainingInputs.parse(JSON.parse(bytes.toString('utf8')));
}

/** Pure; for people: every file that is gone or is not what it was. */
export function inputDifferences(before: TrainingInputs, now: TrainingInputs): string[] {
  const keyOf = ({ caseId, file }: TrainingInputs['files'][number]): string => `${caseId}: ${file}`;
  const hashes = new Map(now.files.map((one) => [keyOf(one), one.sha256]));
  const differences = before.files.flatMap((one) => {
    const sha256 = hashes.get(keyOf(one)) ?? null;
    if (sha256 === one.sha256) return [];
    return [`${keyOf(one)} is ${sha256 === null ? 'missing' : 'not as it was'}`];
  });
  if (before.parentWeightsSha256 === now.parentWeightsSha256) return differences;
  return [...differences, `the weights of the parent are ${now.parentWeightsSha256 === null ? 'missing' : 'not as they were'}`];
}

export const otherEnvironment = (before: TrainingInputs, now: TrainingInputs): { what: string; before: string; now: string }[] =>
  Environment.keyof().options.flatMap((what) =>
    before.environment[what] === now.environment[what] ? [] : [{ what, before: before.environment[what], now: now.environment[what] }],
  );

/** A trained run as a file for another Maskloop, or as a folder for TensorFlow. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { ExportModelTask } from '../contract/tasks.ts';
import { readFile } from '../vault/readSealed.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { encodeServingModel } from '../compute/servingModel.ts';
import { configurationOf, networkOf } from '../nnunet/plan/plan.ts';
import { Postprocessing } from '../nnunet/infer/postprocess.ts';
import { RunRecord, writeModelBundle } from './modelBundle.ts';
import { exists, readModel } from './runFiles.ts';

export async function runExportModel(input: ExportModelTask): Promise<Result<Record<string, unknown>>> {
  try {
    if (input.format === 'bundle') await exportBundle(input);
    else await exportSavedModel(input);
    return ok({ path: input.output });
  } catch (thrown) {
    return err(toAppError(thrown, input.output));
  }
}

async function exportBundle({ runFolder, output, measures }: ExportModelTask): Promise<void> {
  const { plan, about: checkpoint, weights } = await readModel(runFolder);
  const [record, fingerprint, postprocessing] = await Promise.all([
    readRecord(runFolder),
    readJson(runFolder, 'dataset_fingerprint.json', z.looseObject({})),
    readJson(runFolder, 'postprocessing.json', Postprocessing),
  ]);
  // a latest checkpoint holds the optimiser too, which stays at home
  const network = weights.filter(({ name }) => /^(stem|encoder|decoder|head)\./.test(name));
  await writeModelBundle(output, { checkpoint, record, plan, fingerprint, postprocessing, measures, weights: network });
}

/** `saved_model.pb` and, for whoever feeds it, the plan (channels, normalisation, spacing) and the record of the training. */
async function exportSavedModel({ runFolder, output }: ExportModelTask): Promise<void> {
  const { plan, about, weights } = await readModel(runFolder);
  const record = await readRecord(runFolder);
  const configuration = configurationOf(plan, about.configuration);
  const activation = plan.regions ? 'sigmoid' : 'softmax';
  const model = encodeServingModel(networkOf(plan, configuration), configuration.patch, weights, activation);
  await mkdir(join(output, 'variables'), { recursive: true });
  const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  await writeFileAtomic(join(output, 'plans.json'), json({ ...plan, configurations: [configuration] }));
  await writeFileAtomic(join(output, 'run.json'), json(record));
  await writeFileAtomic(join(output, 'saved_model.pb'), model);
}

async function readRecord(runFolder: string): Promise<RunRecord> {
  const record = await readJson(runFolder, 'run.json', RunRecord);
  if (!record) throw new AppException({ code: 'disk/corrupt', path: join(runFolder, 'run.json'), detail: 'the file is missing' });
  return record;
}

/** null when the run has no such file. Throws `disk/corrupt`. */
async function readJson<T>(runFolder: string, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const path = join(runFolder, name);
  if (!(await exists(path))) return null;
  const corrupt = (detail: string): AppException => new AppException({ code: 'disk/corrupt', path, detail });
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (thrown) {
    throw thrown instanceof SyntaxError ? corrupt('not valid JSON') : thrown;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw corrupt(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  return parsed.data;
}

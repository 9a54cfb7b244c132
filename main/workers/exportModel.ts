/** A trained run as a file for another Maskloop, or as a folder for TensorFlow. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { ExportModelTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { encodeServingModel } from '../compute/servingModel.ts';
import { configurationOf, networkOf } from '../nnunet/plan.ts';
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
    readJson(runFolder, 'dataset_fingerprint.json'),
    readJson(runFolder, 'postprocessing.json'),
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
  const path = join(runFolder, 'run.json');
  const parsed = RunRecord.safeParse(await readJson(runFolder, 'run.json'));
  if (!parsed.success) throw new AppException({ code: 'disk/corrupt', path, detail: parsed.error.issues.map(({ message }) => message).join('; ') });
  return parsed.data;
}

/** null when the run has no such file. */
async function readJson(runFolder: string, name: string): Promise<z.infer<typeof AnyObject> | null> {
  const path = join(runFolder, name);
  if (!(await exists(path))) return null;
  const text = await readFile(path, 'utf8');
  try {
    return AnyObject.parse(JSON.parse(text));
  } catch {
    throw new AppException({ code: 'disk/corrupt', path, detail: 'not a JSON object' });
  }
}
const AnyObject = z.looseObject({});

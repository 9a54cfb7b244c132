/** Hashes of the models behind exported masks, each taken once. Large files: not for the process that answers. */
import { join } from 'node:path';
import { z } from 'zod';
import type { AppError } from '../contract/errors.ts';
import type { Provenance } from '../contract/provenance.ts';
import type { ExportCase, ExportTask } from '../contract/tasks.ts';
import type { RunId } from '../contract/vocabulary.ts';
import { readFile } from '../vault/readSealed.ts';
import { hashOfDeletedWeights } from './deleteModel.ts';
import { hashOfWeights } from './hashOfWeights.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

interface ModelHashes {
  /** `null` when the weights are gone. */
  readonly weightsSha256: string | null;
  readonly trainingDataSha256: string | null;
}

const RunRecord = z.object({ trainingDataSha256: z.string().regex(/^[0-9a-f]{64}$/) });

export class ProvenanceReader {
  readonly #hashes = new Map<RunId, Promise<ModelHashes>>();

  constructor(private readonly task: Pick<ExportTask, 'models' | 'softwareVersion'>) {}

  /** `warnings`: whose weights cannot be told, because they changed after they drew the mask, or are gone. */
  async of({ caseId, provenance: facts }: Pick<ExportCase, 'caseId' | 'provenance'>): Promise<{ provenance: Provenance; warnings: AppError[] }> {
    const { runIds, predictedAtMs, ...people } = facts;
    const warnings: AppError[] = [];
    const models: Provenance['models'] = [];
    for (const runId of runIds) {
      const model = this.task.models.find((one) => one.runId === runId);
      const hashes = model ? await this.#hashesOf(runId, model.runFolder) : { weightsSha256: null, trainingDataSha256: null };
      const isSame = predictedAtMs !== null && model !== undefined && (model.trainedUntilMs ?? 0) <= predictedAtMs;
      const weightsSha256 = isSame ? hashes.weightsSha256 : null;
      if (weightsSha256 === null) warnings.push({ code: 'export/model-changed', caseId, runId });
      models.push({ runId, algorithmName: model?.algorithmName ?? 'nnU-Net', weightsSha256, trainingDataSha256: hashes.trainingDataSha256 });
    }
    return { provenance: { softwareVersion: this.task.softwareVersion, ...people, models }, warnings };
  }

  #hashesOf(runId: RunId, runFolder: string): Promise<ModelHashes> {
    const known = this.#hashes.get(runId) ?? readHashes(runFolder);
    this.#hashes.set(runId, known);
    return known;
  }
}

async function readHashes(runFolder: string): Promise<ModelHashes> {
  return { weightsSha256: (await hashOfWeights(runFolder)) ?? (await hashOfDeletedWeights(runFolder)), trainingDataSha256: await trainingDataHash(runFolder) };
}

/** As the training recorded it (`runRecord.ts`); an imported model brings that of its own project. */
async function trainingDataHash(runFolder: string): Promise<string | null> {
  try {
    return RunRecord.parse(JSON.parse(await readFile(join(runFolder, 'run.json'), 'utf8'))).trainingDataSha256;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof z.ZodError) return null;
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

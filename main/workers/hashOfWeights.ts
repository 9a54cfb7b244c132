import { AppException } from '../contract/errors.ts';
import { modelFile } from './runFiles.ts';
import { sha256OfFile } from '../dataset/sha256OfFile.ts';

/** SHA-256 of the file of weights that predicts; `null` when the run has none (any more). */
export async function hashOfWeights(runFolder: string): Promise<string | null> {
  try {
    return await sha256OfFile(await modelFile(runFolder));
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'predict/no-model') return null;
    throw thrown;
  }
}

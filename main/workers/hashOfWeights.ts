import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { AppException } from '../contract/errors.ts';
import { modelFile } from './runFiles.ts';

/** SHA-256 of the file of weights that predicts; `null` when the run has none (any more). */
export async function hashOfWeights(runFolder: string): Promise<string | null> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(await modelFile(runFolder))) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'predict/no-model') return null;
    throw thrown;
  }
}

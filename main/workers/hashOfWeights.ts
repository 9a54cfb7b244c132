import { createHash } from 'node:crypto';
import type { NamedArray } from '../../models/engine.ts';
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

/** Over names, shapes and values: the file also says when they were reached, so it differs between equal trainings. */
export function hashOfValues(weights: readonly NamedArray[]): string {
  const hash = createHash('sha256');
  for (const { name, shape, values } of weights) {
    hash.update(`${name} ${shape.join('×')}\n`);
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

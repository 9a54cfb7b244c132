/** The measurements of a case, one small JSON file. */
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import { Measurement } from '../contract/measurements.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { readIfThere } from './readIfThere.ts';

const MeasurementFile = z.object({ version: z.literal(1), measurements: z.array(Measurement) });

/** Oldest first. Rejects with AppException disk/corrupt. */
export async function readMeasurements(file: string): Promise<Measurement[]> {
  const bytes = await readIfThere(file);
  if (!bytes) return [];
  try {
    return MeasurementFile.parse(JSON.parse(bytes.toString('utf8'))).measurements;
  } catch (thrown) {
    throw new AppException({ code: 'disk/corrupt', path: file, detail: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

export async function writeMeasurements(file: string, measurements: readonly Measurement[]): Promise<void> {
  await writeFileAtomic(file, Buffer.from(`${JSON.stringify({ version: 1, measurements })}\n`));
}

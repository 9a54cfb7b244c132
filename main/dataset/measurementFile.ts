/** The measurements of a case, one small JSON file. */
import { z } from 'zod';
import { Measurement } from '../contract/measurements.ts';
import { writeFileAtomic } from './atomicFile.ts';
import { readIfThere } from './readIfThere.ts';
import { parseStoredJson } from './storedJson.ts';

const MeasurementFile = z.object({ version: z.literal(1), measurements: z.array(Measurement) });

/** Oldest first. Rejects with AppException disk/corrupt. */
export async function readMeasurements(file: string): Promise<Measurement[]> {
  const bytes = await readIfThere(file);
  return bytes ? parseStoredJson(MeasurementFile, bytes.toString('utf8'), file).measurements : [];
}

export async function writeMeasurements(file: string, measurements: readonly Measurement[]): Promise<void> {
  await writeFileAtomic(file, Buffer.from(`${JSON.stringify({ version: 1, measurements })}\n`));
}

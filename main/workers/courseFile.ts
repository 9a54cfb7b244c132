/** `course.bin` of a run: what is needed, beside seed and data, to repeat it step by step. */
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { TrainingCourse } from '../nnunet/train/trainingCourse.ts';
import { readArrayFile, writeArrayFile } from './arrayFile.ts';
import { exists } from './runFiles.ts';

export const COURSE_FILE = 'course.bin';
const About = z.object({ version: z.literal(1), validatedSteps: z.array(z.int().positive()) });

export async function writeCourse(runFolder: string, { rates, losses, validatedSteps }: TrainingCourse): Promise<void> {
  const values = [
    { name: 'rates', shape: [rates.length], values: rates },
    { name: 'losses', shape: [losses.length], values: losses },
  ];
  await writeArrayFile(join(runFolder, COURSE_FILE), { version: 1, validatedSteps: [...validatedSteps] }, values);
}

/** Null for a run that kept none. Throws `disk/corrupt`. */
export async function readCourse(runFolder: string): Promise<TrainingCourse | null> {
  const path = join(runFolder, COURSE_FILE);
  if (!(await exists(path))) return null;
  const { about, arrays } = await readArrayFile(path, About);
  const [rates, losses] = ['rates', 'losses'].map((name) => arrays.find((array) => array.name === name)?.values);
  if (!(rates instanceof Float32Array) || !(losses instanceof Float32Array) || rates.length !== losses.length)
    throw new AppException({ code: 'disk/corrupt', path, detail: 'rates and losses do not belong together' });
  return { rates, losses, validatedSteps: about.validatedSteps };
}

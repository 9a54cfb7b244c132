/** The folder `film` of a run: pictures of what it predicted for one case while it learnt, and what they are. */
import { join } from 'node:path';
import { PredictionFilm } from '../contract/predictionFilm.ts';
import { readIfThere } from './readIfThere.ts';
import { parseStoredJson } from './storedJson.ts';

export const FILM_FOLDER = 'film';
export const FILM_FILE = 'film.json';
export const TRUTH_FILE = 'truth.png';
export const frameFile = (step: number): string => `step_${String(step).padStart(8, '0')}.png`;

/** `null` for a run without one. Throws `disk/corrupt`. */
export async function readFilm(runFolder: string): Promise<PredictionFilm | null> {
  const path = join(runFolder, FILM_FOLDER, FILM_FILE);
  const bytes = await readIfThere(path);
  return bytes && parseStoredJson(PredictionFilm, bytes.toString(), path);
}

/** For tests: what an import would make of files and folders, without a project. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { OverlapRule, PetValues } from '../../contract/vocabulary.ts';
import { labelInputs } from '../scan/labelInputs.ts';
import { loadSource, type LoadedSource } from '../read/loadSource.ts';
import { readLabelFile, readSegmentationObject, type ReadLabels } from '../read/readLabels.ts';
import type { Source } from '../scan/source.ts';
import { scanSources } from '../scan/sourceScan.ts';

/** One image of the files: read, or refused with `error`. */
export interface SourceOutcome {
  readonly source: Source;
  readonly loaded?: LoadedSource;
  readonly error?: AppError;
  /** On the grid of the image, newest first, with the numbers of their files. */
  readonly labels: readonly ReadLabels[];
  /** Segmentations and label maps that belong to the image and cannot be used. */
  readonly labelErrors: readonly { readonly path: string; readonly error: AppError }[];
}

export interface EverythingRead {
  readonly outcomes: readonly SourceOutcome[];
  /** Files that are part of no image, and segmentations without one. */
  readonly problems: readonly AppError[];
}

export interface ReadEverythingOptions {
  readonly overlap?: OverlapRule;
  readonly pet?: PetValues;
}

/** Files of one SOP instance UID are one image, as in an import: give transfer syntax variants one by one. */
export async function readEverything(paths: readonly string[], options: ReadEverythingOptions = {}): Promise<EverythingRead> {
  const found = await scanSources(paths);
  const inputs = await labelInputs(found, [], '');
  const outcomes: SourceOutcome[] = [];
  for (const source of found.sources) {
    const loaded = await attempt(() => loadSource(source, options.pet ? { pet: options.pet } : {}));
    if ('code' in loaded) {
      outcomes.push({ source, error: loaded, labels: [], labelErrors: [] });
      continue;
    }
    const labels: ReadLabels[] = [];
    const labelErrors: { path: string; error: AppError }[] = [];
    const image = { grid: loaded.sourceGrid, isPlaced: loaded.isPlaced };
    const overlap = options.overlap ?? 'order';
    for (const { path, object, warning } of inputs.ofSource.get(source) ?? []) {
      const read = await attempt(() => (object ? readSegmentationObject(object, image.grid, overlap) : readLabelFile(path, image, overlap)));
      if ('code' in read) labelErrors.push({ path, error: read });
      else labels.push(warning ? { ...read, warnings: [warning, ...read.warnings] } : read);
    }
    outcomes.push({ source, loaded, labels, labelErrors });
  }
  return { outcomes, problems: [...found.problems, ...inputs.problems] };
}

async function attempt<T extends object>(work: () => Promise<T>): Promise<T | AppError> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof AppException)) throw thrown;
    return thrown.error;
  }
}

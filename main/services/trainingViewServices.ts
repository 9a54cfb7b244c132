/** What the window shows of a training beyond its curves. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { ExamplePatchesSummary } from '../contract/examplePatches.ts';
import type { ExamplePatchesTask } from '../contract/tasks.ts';
import type { RunId } from '../contract/vocabulary.ts';
import { FILM_FOLDER, frameFile, readFilm, TRUTH_FILE } from '../dataset/filmFiles.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';
import { runShortTask } from './shortTask.ts';
import { trainTask } from './trainServices.ts';

type TrainingViewCalls = 'nnunet.examplePatches' | 'nnunet.predictionFilm' | 'nnunet.filmPicture' | 'nnunet.runRecord';

export function trainingViewServices(session: ProjectSession, compute: ComputeHost): Pick<Handlers, TrainingViewCalls> {
  return {
    'nnunet.examplePatches': ({ runId, seed, isAugmented }) =>
      answer(() =>
        session.during(async ({ store }) => {
          const { runFolder, preprocessedFolder, configuration, preset, recipe, cases } = trainTask(store, runId);
          const task: ExamplePatchesTask = {
            task: 'examplePatches',
            runFolder,
            preprocessedFolder,
            configuration,
            preset,
            recipe,
            seed,
            isAugmented,
            cases: cases.filter(({ role }) => role === 'train'),
          };
          return ExamplePatchesSummary.parse(await runShortTask(compute, task));
        }),
      ),
    'nnunet.predictionFilm': ({ runId }) => answer(() => session.during(async ({ store }) => ({ film: await readFilm(folderOf(store, runId)) }))),
    'nnunet.filmPicture': ({ runId, step }) =>
      answer(() => session.during(async ({ store }) => ({ png: await filmPicture(folderOf(store, runId), runId, step) }))),
    'nnunet.runRecord': ({ runId }) => answer(() => session.during(async ({ store }) => ({ record: await runRecord(store, runId) }))),
  };
}

/** Throws AppException not-found. */
function folderOf(store: ProjectStore, runId: RunId): string {
  if (!store.runs.find(runId)) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return store.folder.run(runId);
}

/** Throws AppException not-found: a training may have dropped a frame meanwhile. */
async function filmPicture(runFolder: string, runId: RunId, step: number | null): Promise<string> {
  const name = step === null ? TRUTH_FILE : frameFile(step);
  const bytes = await readIfThere(join(runFolder, FILM_FOLDER, name));
  if (!bytes) throw new AppException({ code: 'not-found', what: 'run', id: `${runId}/${FILM_FOLDER}/${name}` });
  return bytes.toString('base64');
}

/** Imported models have none of this project. Throws AppException not-found, disk/corrupt. */
async function runRecord(store: ProjectStore, runId: RunId): Promise<Record<string, unknown> | null> {
  const path = join(folderOf(store, runId), 'run.json');
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString()));
  } catch (thrown) {
    throw new AppException({ code: 'disk/corrupt', path, detail: String(thrown) });
  }
}

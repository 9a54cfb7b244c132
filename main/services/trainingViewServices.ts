/** What the window shows of a training beyond its curves. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { ExamplePatchesSummary } from '../contract/examplePatches.ts';
import type { ExamplePatchesTask } from '../contract/tasks.ts';
import type { RunId } from '../contract/vocabulary.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';
import { runShortTask } from './shortTask.ts';
import { trainTask } from './trainServices.ts';

type TrainingViewCalls = 'nnunet.examplePatches' | 'nnunet.runRecord';

export function trainingViewServices(session: ProjectSession, compute: ComputeHost): Pick<Handlers, TrainingViewCalls> {
  return {
    'nnunet.examplePatches': ({ runId, seed, isAugmented }) =>
      answer(() =>
        session.during(async ({ store }) => {
          const { runFolder, preprocessedFolder, configuration, preset, recipe, cases } = trainTask(store, runId);
          const task: ExamplePatchesTask = {
            task: 'examplePatches', runFolder, preprocessedFolder, configuration, preset, recipe, seed, isAugmented,
            cases: cases.filter(({ role }) => role === 'train'),
          };
          return ExamplePatchesSummary.parse(await runShortTask(compute, task));
        }),
      ),
    'nnunet.runRecord': ({ runId }) => answer(() => session.during(async ({ store }) => ({ record: await runRecord(store, runId) }))),
  };
}

/** Imported models have none of this project. Throws AppException not-found, disk/corrupt. */
async function runRecord(store: ProjectStore, runId: RunId): Promise<Record<string, unknown> | null> {
  if (!store.runs.find(runId)) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  const path = join(store.folder.run(runId), 'run.json');
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString()));
  } catch (thrown) {
    throw new AppException({ code: 'disk/corrupt', path, detail: String(thrown) });
  }
}

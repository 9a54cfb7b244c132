/** A training done again from its record: what it was given, if all of that is still here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { CompareRunsTask } from '../contract/rerun.ts';
import { CaseId, LabelRules, Revision, type RunId, Segment } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readIfThere } from '../dataset/readIfThere.ts';
import { RecipeChange } from './changedRecipe.ts';
import type { NewRun } from '../dataset/runTable.ts';

/** What `writeRunRecord` keeps, as far as a repetition goes by it. */
const RunRecord = z.object({
  legend: z.array(Segment),
  labelRules: LabelRules,
  cases: z.array(z.object({ caseId: CaseId, revision: Revision, sha256: z.string(), completeness: z.unknown() })),
  changes: z.array(RecipeChange).default([]),
});
type RunRecord = z.infer<typeof RunRecord>;

/**
 * The choices and label maps of a finished run. The files themselves are read, and compared by hash, when the training
 * begins. Throws `not-found`, `train/cannot-repeat` with everything that is missing or changed.
 */
export async function whatToRepeat(store: ProjectStore, runId: RunId): Promise<Pick<NewRun, 'parentRunId' | 'options' | 'cases'>> {
  const run = store.runs.find(runId);
  const options = store.runs.options(runId);
  if (!run || !options) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  const cases = store.runs.cases(runId);
  const differences = run.isImported ? ['it was trained in another project, whose cases are not here'] : [];
  if (run.state !== 'finished') differences.push('it has not been trained to its end');
  if (options.recipe.ckptStrategy === 'none') differences.push('it kept no weights to compare with');
  const isByClock = options.minutes !== undefined;
  if (isByClock && !existsSync(join(store.folder.run(runId), 'course.bin')) && !run.isImported)
    differences.push('it went by the clock, and its learning rates were not recorded yet');
  if (run.parentRunId !== null && !store.runs.find(run.parentRunId)?.hasCheckpoint) differences.push(`the weights of its parent ${run.parentRunId} are gone`);
  if (!run.isImported) differences.push(...(await recordDifferences(store, runId)));
  if (differences.length > 0) throw new AppException({ code: 'train/cannot-repeat', runId, differences });
  return { parentRunId: run.parentRunId, options, cases };
}

async function recordDifferences(store: ProjectStore, runId: RunId): Promise<string[]> {
  const record = await readRecord(join(store.folder.run(runId), 'run.json'));
  if (!record) return ['its record run.json is missing or damaged'];
  const { legend, labelRules } = store.project;
  const meaning = (segments: readonly Segment[]): string => JSON.stringify(segments.map(({ labelValue, name }) => [labelValue, name]).sort());
  const differences: string[] = [];
  if (record.changes.some(({ afterStep }) => afterStep > 0)) differences.push('its recipe was changed on the way');
  if (meaning(legend) !== meaning(record.legend) || JSON.stringify(labelRules) !== JSON.stringify(record.labelRules))
    differences.push('the legend of the project has changed');
  return [...differences, ...record.cases.flatMap((one) => maskDifference(store, one) ?? [])];
}

function maskDifference(store: ProjectStore, { caseId, revision, sha256, completeness }: RunRecord['cases'][number]): string | null {
  if (!store.cases.find(caseId)) return `${caseId} is no longer in the project`;
  const now = store.revisions.find(caseId, revision);
  if (!now || !existsSync(store.folder.revision(caseId, revision))) return `revision ${revision} of ${caseId} is missing`;
  if (now.sha256 !== sha256) return `revision ${revision} of ${caseId} is not as it was`;
  const isSameMeaning = completeness === undefined || JSON.stringify(completeness) === JSON.stringify(store.revisions.completeness(caseId, revision));
  return isSameMeaning ? null : `what unpainted voxels mean in revision ${revision} of ${caseId} has changed`;
}

async function readRecord(path: string): Promise<RunRecord | null> {
  const bytes = await readIfThere(path);
  try {
    return RunRecord.safeParse(bytes && JSON.parse(bytes.toString('utf8'))).data ?? null;
  } catch {
    return null; // a damaged record is told as such
  }
}

export const compareTask = (store: ProjectStore, runId: RunId, repeatsRunId: RunId): CompareRunsTask => ({
  task: 'compareRuns',
  runId,
  runFolder: store.folder.run(runId),
  repeatsRunId,
  repeatedRunFolder: store.folder.run(repeatsRunId),
});

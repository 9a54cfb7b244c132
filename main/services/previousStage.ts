/** What the first stage of a cascade predicted of each case without having seen it. */
import { existsSync } from 'node:fs';
import type { RunInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { CaseId, RunId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';

/** The runs named, or the newest finished `3d_lowres` run of each fold. Throws AppException not-found, contract/bad-input. */
export function previousRuns(store: ProjectStore, wanted: readonly RunId[] | undefined): RunInfo[] {
  if (!wanted) {
    const finished = store.runs.list().filter(({ configuration, state }) => configuration === '3d_lowres' && state === 'finished');
    return finished.filter(({ fold }, index) => finished.findIndex((newer) => newer.fold === fold) === index);
  }
  return wanted.map((runId) => {
    const run = store.runs.find(runId);
    if (!run) throw new AppException({ code: 'not-found', what: 'run', id: runId });
    if (run.configuration === '3d_lowres') return run;
    throw new AppException({ code: 'contract/bad-input', issues: [`previousRunIds: ${runId} is no 3d_lowres run`] });
  });
}

/** The file of every case. Throws AppException train/previous-stage-missing, naming the folds to train first. */
export function previousPredictions(store: ProjectStore, runs: readonly RunInfo[], caseIds: readonly CaseId[]): Map<CaseId, string> {
  const files = new Map<CaseId, string>();
  for (const { runId, validationCaseIds } of runs) {
    for (const caseId of validationCaseIds) {
      const file = store.folder.validation(runId, caseId);
      if (!files.has(caseId) && existsSync(file)) files.set(caseId, file);
    }
  }
  const missing = caseIds.filter((caseId) => !files.has(caseId));
  if (missing.length === 0) return files;
  const heldOutIn = store.folds.all();
  const folds = [...new Set(missing.flatMap((caseId) => heldOutIn.get(caseId) ?? []))].sort((a, b) => a - b);
  throw new AppException({ code: 'train/previous-stage-missing', folds, caseIds: missing });
}

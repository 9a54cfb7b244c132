/** Which runs make up the cross-validation of a project, and on which cases they can be compared. */
import type { RunInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { CaseId, ConfigurationName } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';

/** One configuration of one preset with a run for each common fold. */
export interface CrossValidated {
  readonly name: string;
  readonly preset: RunInfo['preset'];
  readonly configuration: ConfigurationName;
  /** In the order of `CrossValidation.folds`. */
  readonly runs: readonly RunInfo[];
}

export interface CrossValidation {
  readonly folds: readonly number[];
  readonly entries: readonly CrossValidated[];
  /** Of each fold, those that every run of the fold held back. */
  readonly caseIdsOfFold: readonly (readonly CaseId[])[];
}

/**
 * The newest usable run of each fold and configuration, on the folds that all configurations share. Throws AppException
 * predict/no-model when no run can be judged, contract/bad-input when no fold is common to all.
 */
export function crossValidationOf(store: ProjectStore, wanted: readonly ConfigurationName[] | undefined): CrossValidation {
  const runs = store.runs.list(); // newest first
  const usable = runs.filter((run) => (wanted?.includes(run.configuration) ?? true) && isUsable(run, runs));
  const grouped = new Map<string, Map<number, RunInfo>>();
  for (const run of usable) {
    const name = `${run.preset} ${run.configuration}`;
    const byFold = grouped.get(name) ?? new Map<number, RunInfo>();
    if (typeof run.fold === 'number' && !byFold.has(run.fold)) byFold.set(run.fold, run);
    grouped.set(name, byFold);
  }
  if (grouped.size === 0) throw new AppException({ code: 'predict/no-model' });
  const groups = [...grouped].sort(([a], [b]) => (a < b ? -1 : 1));
  const folds = [...groups[0]![1].keys()].filter((fold) => groups.every(([, byFold]) => byFold.has(fold))).sort((a, b) => a - b);
  if (folds.length === 0) {
    const trained = groups.map(([name, byFold]) => `${name}: ${[...byFold.keys()].join(', ')}`).join('; ');
    throw new AppException({ code: 'contract/bad-input', issues: [`configurations: no fold was trained in all of them (${trained})`] });
  }
  const entries = groups.map(([name, byFold]) => {
    const ofFolds = folds.map((fold) => byFold.get(fold)!);
    return { name, preset: ofFolds[0]!.preset, configuration: ofFolds[0]!.configuration, runs: ofFolds };
  });
  const caseIdsOfFold = folds.map((_, n) => {
    const [first, ...others] = entries.map((entry) => entry.runs[n]!.validationCaseIds);
    return first!.filter((caseId) => others.every((ids) => ids.includes(caseId)));
  });
  return { folds, entries, caseIdsOfFold };
}

/** Has weights, held cases back, and neither it nor a model it started from has learnt from them. */
function isUsable(run: RunInfo, runs: readonly RunInfo[]): boolean {
  if (!run.hasCheckpoint || run.fold === 'all' || run.validationCaseIds.length === 0) return false;
  const held = new Set(run.validationCaseIds);
  for (let parent = run.parentRunId; parent !== null;) {
    const ancestor = runs.find(({ runId }) => runId === parent);
    if (!ancestor || ancestor.trainCaseIds.some((caseId) => held.has(caseId))) return false;
    parent = ancestor.parentRunId;
  }
  if (run.configuration !== '3d_cascade_fullres') return true;
  return runs.some(({ configuration, fold, hasCheckpoint }) => configuration === '3d_lowres' && fold === run.fold && hasCheckpoint);
}

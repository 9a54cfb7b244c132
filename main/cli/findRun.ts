import type { RunInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';

/** The run called `name`, or for 'latest' the newest one that is `eligible`. Throws `not-found`. */
export function findRun(runs: readonly RunInfo[], name: string, eligible: (run: RunInfo) => boolean): RunInfo {
  const candidates = name === 'latest' ? runs.filter(eligible) : runs.filter(({ runId }) => runId === name);
  const [newest] = [...candidates].sort((a, b) => b.createdAtMs - a.createdAtMs);
  if (!newest) throw new AppException({ code: 'not-found', what: 'run', id: name });
  return newest;
}

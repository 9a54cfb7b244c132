import type { RunInfo } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';

/** The run called `name`; for 'latest' the newest one that is `eligible`, for 'current' the project's model. Throws `not-found`, which tells the eligible ones. */
export function findRun<R extends RunInfo>(runs: readonly R[], name: string, eligible: (run: RunInfo) => boolean): R {
  const [newest] = runs.filter(isMeant(name, eligible)).sort((a, b) => b.createdAtMs - a.createdAtMs);
  if (!newest) throw new AppException({ code: 'not-found', what: 'run', id: name, known: runs.filter(eligible).map(({ runId }) => runId) });
  return newest;
}

function isMeant(name: string, eligible: (run: RunInfo) => boolean): (run: RunInfo) => boolean {
  if (name === 'latest') return eligible;
  return name === 'current' ? ({ isCurrent }) => isCurrent : ({ runId }) => runId === name;
}

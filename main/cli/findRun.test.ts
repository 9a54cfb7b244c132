import { expect, it } from 'vitest';
import type { RunInfo } from '../contract/api.ts';
import { describeError } from '../contract/describeError.ts';
import type { AppError } from '../contract/errors.ts';
import { errorOf } from '../contract/testing/errorOf.ts';
import { findRun } from './findRun.ts';

const run = (runId: string, createdAtMs: number, hasCheckpoint = true) => ({ runId, createdAtMs, hasCheckpoint, isCurrent: runId === 'b' }) as RunInfo;
const runs = [run('a', 1), run('b', 2), run('c', 3, false)];
const canPredict = ({ hasCheckpoint }: RunInfo) => hasCheckpoint;

it('finds a run by its name, the newest that will do, or the current one', () => {
  expect(['a', 'latest', 'current'].map((name) => findRun(runs, name, canPredict).runId)).toEqual(['a', 'b', 'b']);
});

it('says which there are when there is none of that name', () => {
  const told = (known: readonly RunInfo[]) => describeError(errorOf(() => findRun(known, 'x', canPredict)) as AppError);
  expect(told(runs)).toBe("There is no run 'x' in this project. Choose from: a; b.");
  expect(told([])).toBe("There is no run 'x' in this project. There is none yet.");
});

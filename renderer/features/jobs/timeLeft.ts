/** How long a job still takes, where it does not say so itself: as long for each piece as until now. */
import type { Progress } from '../../../main/contract/jobs.ts';

/** When the phase was first heard of, and how far it was then. */
export interface PhaseStart {
  readonly phase: Progress['phase'];
  readonly total: number;
  readonly atMs: number;
  readonly done: number;
}
/** Before that a guess would only jump. */
const LEAST_SECONDS = 3;
const LEAST_SHARE = 0.05;

/** Pure: another phase, or the same one over another amount, begins anew. */
export function phaseStart(before: PhaseStart | undefined, { phase, done, total }: Progress, atMs: number): PhaseStart {
  return before && before.phase === phase && before.total === total && done >= before.done ? before : { phase, total, atMs, done };
}

/** Pure; `null`: nobody knows. `isEstimate`: not told by the job. */
export function timeLeft(progress: Progress, start: PhaseStart | undefined, atMs: number): { readonly seconds: number; readonly isEstimate: boolean } | null {
  if (progress.phase === 'paused') return null;
  if (progress.secondsLeft !== undefined) return { seconds: progress.secondsLeft, isEstimate: false };
  if (!start || progress.total <= 0) return null;
  const elapsedSeconds = (atMs - start.atMs) / 1000;
  const advanced = progress.done - start.done;
  if (elapsedSeconds < LEAST_SECONDS || advanced / progress.total < LEAST_SHARE) return null;
  return { seconds: Math.max(0, ((progress.total - progress.done) * elapsedSeconds) / advanced), isEstimate: true };
}

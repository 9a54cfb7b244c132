/** Several folds by one command: one after the other here, side by side on a cluster. */
import type { CallInput, CallOutput } from '../contract/api.ts';
import { toAppError, type AppError } from '../contract/errors.ts';
import { describeError } from '../contract/describeError.ts';
import type { RunId } from '../contract/vocabulary.ts';
import type { CliSession } from './cliSession.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { exitCodeOf, followJob, type JobEnd } from './followJob.ts';

export interface FoldEnd {
  readonly fold: number;
  /** Null where it could not even be started. */
  readonly runId: RunId | null;
  readonly end: JobEnd | null;
  readonly error: AppError | null;
}

/** Never throws for what one fold meets: the others go on. Folds that a Ctrl+C left unbegun are not among the answers. */
export async function trainFolds(session: CliSession, input: CallInput<'nnunet.train'>, folds: readonly number[]): Promise<FoldEnd[]> {
  const one = (fold: number): Promise<FoldEnd> => trainFold(session, { ...input, fold }, fold);
  if (input.cluster) return Promise.all(folds.map(one));
  const ends: FoldEnd[] = [];
  for (const fold of folds) {
    if (session.interrupt.isPressed) break;
    ends.push(await one(fold));
  }
  return ends;
}

async function trainFold(session: CliSession, input: CallInput<'nnunet.train'>, fold: number): Promise<FoldEnd> {
  let started: CallOutput<'nnunet.train'> | null = null;
  const label = `fold ${fold}`;
  try {
    const end = await followJob(session, async () => (started = await session.call('nnunet.train', input)), label);
    session.output.note(`${label}: ${end.state === 'cancelled' ? 'stopped' : 'done'}, run ${end.started.runId}.`);
    return { fold, runId: end.started.runId, end, error: null };
  } catch (thrown) {
    const error = toAppError(thrown);
    session.output.note(`  ! ${label}: ${describeError(error)}`);
    return { fold, runId: runIdOf(started), end: null, error };
  }
}

// TypeScript does not see that a callback has set it
const runIdOf = (started: CallOutput<'nnunet.train'> | null): RunId | null => started?.runId ?? null;

/** Of all of them: what went wrong goes before what was stopped, and that before what was doubtful. */
export function exitCodeOfFolds(ends: readonly FoldEnd[], wantedCount: number): ExitCode {
  if (ends.some(({ error }) => error !== null)) return exitCodes.failed;
  const codes = ends.flatMap(({ end }) => (end ? [exitCodeOf(end)] : []));
  if (codes.length < wantedCount || codes.includes(exitCodes.cancelled)) return exitCodes.cancelled;
  return codes.includes(exitCodes.finishedWithProblems) ? exitCodes.finishedWithProblems : exitCodes.ok;
}

/** What can be done about a prediction that memory stopped; pure. */
import type { CallInput } from '../../../main/contract/api.ts';
import { calls } from '../../../main/contract/api.ts';
import type { AppError } from '../../../main/contract/errors.ts';
import type { JobEvent, JobSummary } from '../../../main/contract/jobs.ts';
import type { PredictMemoryChoices, PredictMemoryOffer } from '../../../main/contract/memory.ts';
import { formatNumber, t } from '../../lib/messages/messages.svelte.ts';

type MemoryError = Extract<AppError, { code: 'predict/memory-short' | 'predict/out-of-memory' }>;

const isMemory = (error: AppError): error is MemoryError => error.code === 'predict/memory-short' || error.code === 'predict/out-of-memory';

/** Of the whole job, or else of some of its cases; none while it runs, and for predictions that no project has on record. */
export function memoryErrorsOf({
  kind,
  endedAtMs,
  isResumable,
  error,
  problems,
}: Pick<JobSummary, 'kind' | 'endedAtMs' | 'isResumable' | 'error' | 'problems'>): MemoryError[] {
  if (kind !== 'predict' || endedAtMs === undefined || !isResumable) return [];
  return (error ? [error] : problems).filter(isMemory);
}

export function predictOfferText({ choices: { windowsPerCall, modelCount }, neededBytes }: PredictMemoryOffer): string {
  const what = t(windowsPerCall === undefined ? 'jobs.predictByOneModel' : modelCount === undefined ? 'jobs.predictBySlice' : 'jobs.predictByBoth');
  if (neededBytes === undefined) return what;
  return t('jobs.withMemory', { what, memory: formatNumber(neededBytes / 1e9, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
}

/** The same prediction with less memory or in spite of it, of the cases that lacked it; `null`: it is not on record how it was asked for. */
export function predictionAgain(job: JobSummary, queued: JobEvent | undefined, how: PredictMemoryChoices | 'anyway'): CallInput<'nnunet.predict'> | null {
  const request = queued?.type === 'queued' ? queued.request : undefined;
  if (request?.call !== 'nnunet.predict') return null;
  const asked = calls[request.call].input.parse(request.input);
  const short = job.error ? [] : memoryErrorsOf(job).flatMap((error) => ('caseId' in error && error.caseId ? [error.caseId] : []));
  const caseIds = short.length > 0 ? short : asked.caseIds;
  if (how === 'anyway') return { ...asked, caseIds, memory: 'ignore' };
  const { windowsPerCall = asked.windowsPerCall, modelCount } = how;
  return { ...asked, caseIds, windowsPerCall, runIds: asked.runIds?.slice(0, modelCount) };
}

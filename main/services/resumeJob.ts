/** A job that ended before it was done, done from there: by the call that it recorded, without what is done already. */
import type { Handlers } from '../contract/api.ts';
import { calls } from '../contract/api.ts';
import { AppException, type Result } from '../contract/errors.ts';
import type { JobRequest } from '../contract/jobs.ts';
import type { CaseId, JobId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { OpenProject } from './projectSession.ts';

type ResumingHandlers = Pick<Handlers, JobRequest['call']>;

/** Throws AppException not-found, contract/bad-input (nothing to resume, or nothing left), and what the call answers. */
export async function resumeJob({ store, queue }: OpenProject, handlers: ResumingHandlers, jobId: JobId): Promise<{ jobId: JobId }> {
  const job = queue.list().find((one) => one.jobId === jobId);
  if (!job) throw new AppException({ code: 'not-found', what: 'job', id: jobId });
  const [queued] = queue.events(jobId, 0);
  const request = queued?.type === 'queued' ? queued.request : undefined;
  if (!request || !job.isResumable || job.endedAtMs === undefined || job.state === 'succeeded') throw refused(`${jobId} has nothing to go on with`);
  const started = await callAgain(store, handlers, request, job.queuedAtMs);
  if (!started.ok) throw new AppException(started.error);
  queue.noteResumed(jobId, started.value.jobId);
  return { jobId: started.value.jobId };
}

function callAgain(store: ProjectStore, handlers: ResumingHandlers, { call, input }: JobRequest, sinceMs: number): Promise<Result<{ jobId: JobId }>> {
  switch (call) {
    case 'nnunet.resume':
      return handlers[call](calls[call].input.parse(input));
    case 'dataset.import': // knows what is in the project
      return handlers[call](calls[call].input.parse(input));
    case 'nnunet.predict': {
      const asked = calls[call].input.parse(input);
      const left = (asked.caseIds ?? []).filter((caseId) => !isPredictedSince(store, caseId, asked.runIds ?? [], sinceMs));
      if (left.length === 0) throw refused('every case of the job has been predicted');
      return handlers[call]({ ...asked, caseIds: left });
    }
  }
}

function isPredictedSince(store: ProjectStore, caseId: CaseId, runIds: readonly string[], sinceMs: number): boolean {
  const source = `model:${runIds.join('+')}`;
  return store.revisions.ofAllMasks(caseId).some((revision) => revision.source === source && revision.createdAtMs >= sinceMs);
}

const refused = (issue: string): AppException => new AppException({ code: 'contract/bad-input', issues: [`jobId: ${issue}`] });

import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';
import { resumeJob } from './resumeJob.ts';

type JobCalls = 'jobs.list' | 'jobs.events' | 'jobs.cancel' | 'jobs.moveUp' | 'jobs.resume' | 'jobs.userActive';

/** `others`: whose calls resume jobs. */
export function jobServices(session: ProjectSession, others: Parameters<typeof resumeJob>[1]): Pick<Handlers, JobCalls> {
  return {
    'jobs.list': () => answer(() => ({ jobs: session.currentQueue().list() })),
    'jobs.events': ({ jobId, fromSeq }) => answer(() => ({ events: session.currentQueue().events(jobId, fromSeq) })),
    'jobs.userActive': () =>
      answer(() => {
        session.currentQueue().noteUserActivity();
        return null;
      }),
    'jobs.moveUp': ({ jobId }) =>
      answer(() => {
        session.currentQueue().moveUp(jobId);
        return null;
      }),
    'jobs.resume': ({ jobId }) => answer(() => session.during((project) => resumeJob(project, others, jobId))),
    'jobs.cancel': ({ jobId }) =>
      answer(() => {
        session.currentQueue().cancel(jobId);
        return null;
      }),
  };
}

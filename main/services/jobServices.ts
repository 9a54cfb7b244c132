import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';

type JobCalls = 'jobs.list' | 'jobs.events' | 'jobs.cancel' | 'jobs.userActive';

export function jobServices(session: ProjectSession): Pick<Handlers, JobCalls> {
  return {
    'jobs.list': () => answer(() => ({ jobs: session.currentQueue().list() })),
    'jobs.events': ({ jobId, fromSeq }) => answer(() => ({ events: session.currentQueue().events(jobId, fromSeq) })),
    'jobs.userActive': () =>
      answer(() => {
        session.currentQueue().noteUserActivity();
        return null;
      }),
    'jobs.cancel': ({ jobId }) =>
      answer(() => {
        session.currentQueue().cancel(jobId);
        return null;
      }),
  };
}

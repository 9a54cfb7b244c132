import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import type { ProjectSession } from './projectSession.ts';

type JobCalls = 'jobs.list' | 'jobs.events' | 'jobs.cancel';

export function jobServices(session: ProjectSession): Pick<Handlers, JobCalls> {
  return {
    'jobs.list': () => answer(() => ({ jobs: session.current().queue.list() })),
    'jobs.events': ({ jobId, fromSeq }) => answer(() => ({ events: session.current().queue.events(jobId, fromSeq) })),
    'jobs.cancel': ({ jobId }) =>
      answer(() => {
        session.current().queue.cancel(jobId);
        return null;
      }),
  };
}

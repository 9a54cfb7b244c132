/** Jobs that write into folders of the user's own. */
import type { JobId } from '../contract/vocabulary.ts';
import { sweepOutside } from '../dataset/outsideSweep.ts';
import { type JobQueue, type JobSpec, newJobId } from '../jobs/jobQueue.ts';

/** What a process of the job that died left in `writesInto` goes with the job; where the program dies, with the next opening. */
export function submitOutside(queue: JobQueue, spec: JobSpec & { readonly writesInto: readonly string[] }): JobId {
  const jobId = newJobId(spec.kind);
  return queue.submit(
    {
      ...spec,
      async onEnded(end) {
        try {
          await sweepOutside(spec.writesInto, jobId);
        } catch (thrown) {
          // the drive is gone, perhaps; what the job came to is what counts
          console.error(`tidying up after ${jobId}:`, thrown);
        }
        await spec.onEnded?.(end);
      },
    },
    jobId,
  );
}

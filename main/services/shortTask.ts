import { AppException } from '../contract/errors.ts';
import type { TaskInput } from '../contract/tasks.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask } from '../jobs/computeTask.ts';

/** A task of about a second that needs a process but is no job: nobody waits in line for it. Throws AppException. */
export async function runShortTask(compute: ComputeHost, input: TaskInput): Promise<Record<string, unknown>> {
  const outcome = await startTask(compute, input, () => {}).outcome;
  if (outcome.type === 'failed') throw new AppException(outcome.error);
  return outcome.summary;
}

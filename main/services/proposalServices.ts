/** Proposals at a click: in a process of their own beside the queue, because somebody waits with the hand on the mouse. */
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { MOST_PROPOSED_VOXELS, Proposal, type ProposalId, type VoxelBox } from '../contract/proposal.ts';
import type { ProposeTask } from '../contract/tasks.ts';
import type { Grid } from '../contract/vocabulary.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { startTask, type RunningTask } from '../jobs/computeTask.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import type { EventHub } from './eventHub.ts';
import { explainPredictionDeath } from './memoryDeaths.ts';
import { chooseRuns, modelsOf } from './predictServices.ts';
import type { ProjectSession } from './projectSession.ts';

type ProposalCalls = 'nnunet.propose' | 'nnunet.cancelProposal';

export function proposalServices(session: ProjectSession, events: EventHub, compute: ComputeHost): Pick<Handlers, ProposalCalls> {
  const running = new Map<ProposalId, RunningTask>();
  return {
    'nnunet.propose': ({ proposalId, caseId, labelValue, box, seed, memory }) =>
      answer(() =>
        session.during(async ({ store }) => {
          const [run] = chooseRuns(store, undefined);
          const { image } = requireCase(store, caseId);
          requireInside(box, image.grid, seed);
          const { runId } = run!;
          const task: ProposeTask = {
            task: 'propose',
            model: modelsOf(store, [run!])[0]!,
            image,
            labelValue,
            box,
            seed,
            runId,
            memory,
            scratchFolder: store.folder.labels(caseId),
          };
          const started = startTask(compute, task, (news) => {
            if (news.type === 'progress') events.emit({ type: 'proposal', proposalId, share: news.progress.done / news.progress.total });
          });
          running.set(proposalId, started);
          try {
            const outcome = await started.outcome;
            if (outcome.type === 'failed') throw new AppException(explainPredictionDeath(outcome.error));
            return Proposal.parse(outcome.stopped ? { runId, levels: null, seedLevel: 0 } : { runId, ...outcome.summary });
          } finally {
            running.delete(proposalId);
          }
        }),
      ),
    'nnunet.cancelProposal': ({ proposalId }) =>
      answer(() => {
        running.get(proposalId)?.stop();
        return {};
      }),
  };
}

/** Throws `contract/bad-input`. */
function requireInside(box: VoxelBox, { dimsIjk }: Grid, seed: VoxelBox): void {
  const lies = (inner: VoxelBox, from: readonly number[], dims: readonly number[]): boolean =>
    inner.fromIjk.every((first, axis) => first >= from[axis]! && first + inner.dimsIjk[axis]! <= from[axis]! + dims[axis]!);
  const issues = [
    ...(lies(box, [0, 0, 0], dimsIjk) ? [] : ['box: not all of it lies in the image']),
    ...(lies(seed, box.fromIjk, box.dimsIjk) ? [] : ['seed: not all of it lies in the box']),
    ...(box.dimsIjk.reduce((a, b) => a * b, 1) <= MOST_PROPOSED_VOXELS ? [] : [`box: more than ${MOST_PROPOSED_VOXELS} voxels`]),
  ];
  if (issues.length > 0) throw new AppException({ code: 'contract/bad-input', issues });
}

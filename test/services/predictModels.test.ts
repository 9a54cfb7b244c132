/** Which models a prediction is given: several that vote, and the first stage of a cascade. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallInput } from '../../main/contract/api.ts';
import { CaseId, RunId } from '../../main/contract/vocabulary.ts';
import { ServiceRig, trainKeepingValidation } from './serviceRig.ts';

let rig: ServiceRig;
beforeEach(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(6, 5);
});
afterEach(() => rig.dispose());

async function train(choice: CallInput<'nnunet.train'>): Promise<RunId> {
  const { jobId, runId } = await rig.call('nnunet.train', choice);
  await rig.jobEnd(jobId);
  return runId;
}
const folderOf = (runId: RunId): string => join(rig.projectFolder, 'runs', runId);
const alone = (runId: RunId) => ({ runFolder: folderOf(runId), previousRunFolders: [] });

async function predictTask(call: CallInput<'nnunet.predict'>) {
  await rig.jobEnd((await rig.call('nnunet.predict', call)).jobId);
  const task = rig.host.inputs.filter((input) => input.task === 'predict').at(-1);
  if (task?.task !== 'predict') throw new Error('nothing was predicted');
  return task;
}

describe('the models of a prediction', () => {
  it('are those asked for, each once, with the options; the revision names them all', async () => {
    const [a, b] = [await train({ configuration: '2d' }), await train({ configuration: '3d_fullres', fold: 1 })];
    const task = await predictTask({ runIds: [a, b, a], mirror: true, overlap: 0.25, blend: 'constant' });
    expect(task.models).toEqual([alone(a), alone(b)]);
    expect(task.options).toMatchObject({ mirror: true, overlap: 0.25, blend: 'constant', amp: 'off', xla: false });
    const { revisions } = await rig.call('dataset.openCase', { caseId: CaseId.parse('phantom_006') });
    expect(revisions.map(({ source }) => source)).toEqual([`model:${a}+${b}`]);
  });

  it('of a cascade: the 3d_lowres model of its fold that it was trained behind, not a newer one', async () => {
    rig.tasks.training = trainKeepingValidation;
    const lowres = [];
    for (const fold of [0, 1, 2, 3, 4]) lowres.push(await train({ configuration: '3d_lowres', fold }));
    const cascade = await train({ configuration: '3d_cascade_fullres', fold: 1 });
    await train({ configuration: '3d_lowres', fold: 1 });
    const task = await predictTask({ runIds: [cascade] });
    expect(task.models).toEqual([{ ...alone(cascade), previousRunFolders: [folderOf(lowres[1]!)] }]);
  });

  it('must exist', async () => {
    expect(await rig.errorOf('nnunet.predict', { runIds: [RunId.parse('nobody')] })).toEqual({ code: 'not-found', what: 'run', id: 'nobody' });
  });
});

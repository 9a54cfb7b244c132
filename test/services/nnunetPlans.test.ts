/** A plan of nnU-Net's through the calls, with real planning. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NnunetPlans } from '../../main/contract/nnunetPlans.ts';
import type { TrainTask } from '../../main/contract/tasks.ts';
import { parsePlan } from '../../main/nnunet/plan/plan.ts';
import { ServiceRig, trainInNoTime } from './serviceRig.ts';

let rig: ServiceRig;
beforeAll(async () => {
  rig = ServiceRig.create();
  await rig.createWithPhantoms(2, 2);
});
afterAll(() => rig.dispose());

const plans: NnunetPlans = {
  transpose_forward: [0, 1, 2],
  configurations: {
    '3d_fullres': {
      batch_size: 3,
      patch_size: [16, 16, 8],
      spacing: [2, 2, 2],
      normalization_schemes: ['ZScoreNormalization'],
      use_mask_for_norm: [false],
      batch_dice: true,
      architecture: {
        network_class_name: 'dynamic_network_architectures.architectures.unet.PlainConvUNet',
        arch_kwargs: {
          n_stages: 2,
          features_per_stage: [8, 16],
          kernel_sizes: [
            [3, 3, 3],
            [3, 3, 3],
          ],
          strides: [
            [1, 1, 1],
            [2, 2, 2],
          ],
          n_conv_per_stage: 2,
          n_conv_per_stage_decoder: 2,
        },
      },
    },
  },
  foreground_intensity_properties_per_channel: { 0: { mean: 1, std: 2, percentile_00_5: 0, percentile_99_5: 9 } },
};

it('is planned with instead of the project’s own, and trained with', async () => {
  const job = await rig.jobEnd((await rig.call('nnunet.plan', { plans })).jobId);
  expect(job, JSON.stringify(job)).toMatchObject({
    state: 'succeeded',
    summary: { configurations: [{ name: '3d_fullres', patch: [16, 16, 8], batchSize: 3 }] },
  });
  const file = join(rig.projectFolder, 'plans.json');
  const plan = parsePlan(readFileSync(file, 'utf8'), file);
  expect(plan.configurations).toMatchObject([{ name: '3d_fullres', spacingDhwMm: [2, 2, 2], stages: [{ features: 8 }, { features: 16 }] }]);
  expect(plan.classes.length).toBeGreaterThan(0);

  const given: TrainTask[] = [];
  rig.tasks.training = (input, port) => {
    given.push(input);
    return trainInNoTime(input, port);
  };
  const { jobId } = await rig.call('nnunet.train', { configuration: '3d_fullres', epochs: 1, plans });
  expect(await rig.jobEnd(jobId)).toMatchObject({ state: 'succeeded' });
  expect(given[0]!.plans).toEqual(plans);
});

it('is refused where it is for other images, with the reason', async () => {
  const { '3d_fullres': one } = plans.configurations;
  const two = {
    ...plans,
    configurations: { '3d_fullres': { ...one!, normalization_schemes: ['CTNormalization', 'ZScoreNormalization'], use_mask_for_norm: [false, false] } },
  };
  const job = await rig.jobEnd((await rig.call('nnunet.plan', { plans: two })).jobId);
  expect(JSON.stringify(job.error)).toContain('normalises 2 channels, the project has 1');
});

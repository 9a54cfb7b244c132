/** What a training and a benchmark do before the first step: fingerprint → plan → preprocessed cases. */
import { AppException } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TrainCase, TrainTask } from '../contract/tasks.ts';
import { fingerprintDataset, intensitySamplesPerCase } from '../nnunet/plan/fingerprint.ts';
import type { DatasetFingerprint } from '../nnunet/plan/fingerprint.ts';
import { planOfNnunet } from '../nnunet/plan/nnunetPlans.ts';
import type { Plan } from '../nnunet/plan/plan.ts';
import { planExperiment } from '../nnunet/plan/planExperiment.ts';
import { fingerprintCases } from './prepareCases.ts';
import type { PreprocessedStore } from './preprocessedStore.ts';

type PlanChoices = Pick<TrainTask, 'legend' | 'labelRules' | 'preset' | 'msdTask' | 'vramGb' | 'plans'>;

/** Measures the cases and plans for them; null when told to stop. */
export async function planFromCases(
  { legend, labelRules, preset, msdTask, vramGb, plans }: PlanChoices,
  cases: readonly TrainCase[],
  port: JobPort,
): Promise<{ plan: Plan; fingerprint: DatasetFingerprint } | null> {
  const fingerprints = await fingerprintCases(cases, intensitySamplesPerCase(cases.length), labelRules.ignoreLabelValue, port);
  if (!fingerprints) return null;
  // the seed gathers all voxels, v2 lets every case weigh the same
  const fingerprint = fingerprintDataset(fingerprints, preset === 'seed' ? 'perVoxel' : 'perCase');
  const { channelNames } = cases[0]!.image;
  const own = planExperiment({ fingerprint, channelNames, legend, labelRules, preset, hasUnknown: hasUnknown(cases), task: msdTask, vramGb: vramGb ?? null });
  return { fingerprint, plan: plans ? planOfNnunet(plans, own) : own };
}

/** Some of the masks say nothing about some voxels. */
export const hasUnknown = (cases: readonly TrainCase[]): boolean => cases.some(({ completeness }) => completeness !== undefined);

/** Throws `train/no-foreground` when no case has a painted voxel. */
export async function requireForeground(trainCases: readonly TrainCase[], store: PreprocessedStore): Promise<void> {
  for (const trainCase of trainCases) {
    if ((await store.load(trainCase)).locations.some((list) => list.length > 0)) return;
  }
  throw new AppException({ code: 'train/no-foreground' });
}

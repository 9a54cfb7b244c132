/** What a training and a benchmark do before the first step: fingerprint → plan → preprocessed cases. */
import { AppException } from '../contract/errors.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { TrainCase, TrainTask } from '../contract/tasks.ts';
import { readLabelmap, readStoredImage } from '../dataset/storedVolume.ts';
import { fingerprintCase, fingerprintDataset, intensitySamplesPerCase } from '../nnunet/fingerprint.ts';
import type { DatasetFingerprint } from '../nnunet/fingerprint.ts';
import type { Plan } from '../nnunet/plan.ts';
import { planExperiment } from '../nnunet/planExperiment.ts';
import type { PreprocessedStore } from './preprocessedStore.ts';
import { breathe } from './wholeCase.ts';

type PlanChoices = Pick<TrainTask, 'legend' | 'labelRules' | 'preset' | 'msdTask' | 'vramGb'>;

/** Measures the cases and plans for them. Told to stop, it plans from those measured so far; the caller looks. */
export async function planFromCases(
  { legend, labelRules, preset, msdTask, vramGb }: PlanChoices,
  cases: readonly TrainCase[],
  port: JobPort,
): Promise<{ plan: Plan; fingerprint: DatasetFingerprint }> {
  const samples = intensitySamplesPerCase(cases.length);
  const fingerprints = [];
  for (const [done, { image, labelFile }] of cases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'fingerprint', done, total: cases.length } });
    const { voxels } = await readLabelmap(labelFile);
    fingerprints.push(fingerprintCase(await readStoredImage(image), voxels, samples, labelRules.ignoreLabelValue));
    await breathe();
    if (port.stop.aborted) break;
  }
  // the seed gathers all voxels, v2 lets every case weigh the same
  const fingerprint = fingerprintDataset(fingerprints, preset === 'seed' ? 'perVoxel' : 'perCase');
  const { channelNames } = cases[0]!.image;
  return { fingerprint, plan: planExperiment({ fingerprint, channelNames, legend, labelRules, preset, task: msdTask, vramGb: vramGb ?? null }) };
}

/** False when told to stop. */
export async function prepareCases(cases: readonly TrainCase[], store: PreprocessedStore, port: JobPort): Promise<boolean> {
  for (const [done, trainCase] of cases.entries()) {
    port.tell({ type: 'progress', progress: { phase: 'preprocessing', done, total: cases.length } });
    await store.prepare(trainCase);
    await breathe();
    if (port.stop.aborted) return false;
  }
  return true;
}

/** Throws `train/no-foreground` when no case has a painted voxel. */
export async function requireForeground(trainCases: readonly TrainCase[], store: PreprocessedStore): Promise<void> {
  for (const trainCase of trainCases) {
    if ((await store.load(trainCase)).locations.some((list) => list.length > 0)) return;
  }
  throw new AppException({ code: 'train/no-foreground' });
}

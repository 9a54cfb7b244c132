import { mkdirSync } from 'node:fs';
import type { DatasetFingerprint } from '../../main/nnunet/plan/fingerprint.ts';
import { planExperiment } from '../../main/nnunet/plan/planExperiment.ts';
import { writePlan } from '../../main/workers/runFiles.ts';
import { type ServiceRig, trainInNoTime } from './serviceRig.ts';

/** A training that writes a plan, as the real one does; the weights are never read here. */
export function trainingWithPlan(of: ServiceRig): void {
  of.tasks.training = async (input, port) => {
    const fingerprint: DatasetFingerprint = {
      version: 1,
      spacingsDhwMm: input.cases.map(() => [1, 1, 1] as const),
      shapesAfterCropDhw: input.cases.map(() => [40, 48, 40] as const),
      medianRelativeSizeAfterCropping: 1,
      foregroundIntensities: [{ mean: 1, median: 1, std: 2, min: 0, max: 9, percentile005: 0, percentile995: 8 }],
    };
    mkdirSync(input.runFolder, { recursive: true });
    await writePlan(
      input.runFolder,
      planExperiment({ fingerprint, channelNames: ['MR'], legend: input.legend, labelRules: input.labelRules, preset: input.preset, task: null, vramGb: null }),
    );
    return trainInNoTime(input, port);
  };
}

/** A CT by formula and an untrained model for it; prints the folder's content as one JSON line. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { initialWeights } from '../../main/compute/initialWeights.ts';
import { writeStoredChannel } from '../../main/dataset/storedVolume.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { configurationOf, networkOf } from '../../main/nnunet/plan/plan.ts';
import type { Plan } from '../../main/nnunet/plan/plan.ts';
import { planExperiment } from '../../main/nnunet/plan/planExperiment.ts';
import { writeCheckpoint, writePlan } from '../../main/workers/runFiles.ts';
import { parametersOf } from '../../models/unet.ts';

const [folder = '', features = '0', configurationName = '3d_fullres', dims = '512x512x300'] = process.argv.slice(2);
const DIMS = dims.split('x').map(Number) as [number, number, number];
const SPACING = [0.78, 0.78, 1] as const;
/** Median of the data set: the case is resampled there and its logits back. */
const PLANNED_SPACING_DHW = [1.05, 0.74, 0.74] as const;

/** Air, a body of soft tissue with texture, a few bright and dark balls in it. */
function ct(): Int16Array {
  const [ni, nj, nk] = DIMS;
  const voxels = new Int16Array(ni * nj * nk);
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, n++) {
        const body = ((i - 256) / 220) ** 2 + ((j - 256) / 160) ** 2;
        if (body > 1) voxels[n] = -1000;
        else {
          const ball = Math.hypot((i % 128) - 64, (j % 96) - 48, (k % 90) - 45) < 28 ? 160 : 0;
          voxels[n] = 40 + ball + Math.round(25 * Math.sin(i * 0.31) * Math.cos(j * 0.17 + k * 0.23));
        }
      }
    }
  }
  return voxels;
}

function planned(): Plan {
  const statistics = { mean: 80, median: 60, std: 70, min: -150, max: 400, percentile005: -50, percentile995: 250 };
  const fingerprint = {
    version: 1 as const,
    spacingsDhwMm: Array.from({ length: 40 }, () => [...PLANNED_SPACING_DHW] as [number, number, number]),
    shapesAfterCropDhw: Array.from({ length: 40 }, () => [DIMS[2], DIMS[1], DIMS[0]] as [number, number, number]),
    medianRelativeSizeAfterCropping: 1,
    foregroundIntensities: [statistics],
  };
  const legend = ['liver', 'spleen', 'kidney'].map((name, n) => ({ labelValue: n + 1, name, colorRgb: [255, 0, 0] as [number, number, number] }));
  return planExperiment({
    fingerprint,
    channelNames: ['CT'],
    legend,
    labelRules: { regions: null, ignoreLabelValue: null },
    preset: 'v2',
    task: null,
    vramGb: null,
  });
}

async function main(): Promise<void> {
  mkdirSync(join(folder, 'in'), { recursive: true });
  mkdirSync(join(folder, 'run'), { recursive: true });
  const grid = gridFromAffine(DIMS, [SPACING[0], 0, 0, -200, 0, SPACING[1], 0, -200, 0, 0, SPACING[2], -150, 0, 0, 0, 1]);
  await writeStoredChannel(join(folder, 'in', 'ct.nii'), grid, ct());
  const plan = planned();
  const name = configurationName as '3d_fullres';
  const whole = configurationOf(plan, name);
  const thin = Number(features);
  const stages = thin === 0 ? whole.stages : whole.stages.map((stage) => ({ ...stage, features: Math.max(1, Math.round((stage.features / 32) * thin)) }));
  const configuration = { ...whole, stages };
  await writePlan(join(folder, 'run'), { ...plan, configurations: [configuration] });
  const network = networkOf(plan, configuration);
  const loop = {
    step: 0,
    epoch: 0,
    elapsedMs: 0,
    validationMs: 0,
    bestDice: null,
    validationsWithoutGain: 0,
    skippedInRow: 0,
    skippedSteps: 0,
    random: [1, 2, 3, 4] as never,
  };
  await writeCheckpoint(
    join(folder, 'run'),
    'best',
    { version: 1, configuration: name, loop },
    initialWeights(parametersOf(network, [0]), network.negativeSlope, 1),
  );
  console.log(JSON.stringify({ patch: configuration.patch, features: stages.map((stage) => stage.features), spacingDhwMm: configuration.spacingDhwMm }));
}
void main();

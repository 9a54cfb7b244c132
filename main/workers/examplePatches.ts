/** Patches as a run was given them, augmentation included, as pictures: by the code that trains. */
import { AppException, err, ok, toAppError, type Result } from '../contract/errors.ts';
import type { ExamplePatchesSummary } from '../contract/examplePatches.ts';
import type { ExamplePatchesTask } from '../contract/tasks.ts';
import { fullestSlice } from '../export/fullestSlice.ts';
import { drawPatch } from '../export/patchPicture.ts';
import { augmentationFor } from '../nnunet/augment/augmentation.ts';
import { configurationOf } from '../nnunet/plan/plan.ts';
import { PatchSampler } from '../nnunet/train/patches.ts';
import { samplerSpecFor } from '../nnunet/train/samplerSpec.ts';
import { patchDhw } from '../nnunet/patchWindow.ts';
import { readPlan } from './runFiles.ts';
import { PreprocessedStore } from './preprocessedStore.ts';

/** More is no more to see, and a batch of large patches takes memory. */
const MOST_PATCHES = 8;

/** The summary is `ExamplePatchesSummary`. */
export async function runExamplePatches(input: ExamplePatchesTask): Promise<Result<Record<string, unknown>>> {
  try {
    return ok(await examplePatches(input));
  } catch (thrown) {
    return err(toAppError(thrown, input.runFolder));
  }
}

async function examplePatches({
  runFolder,
  preprocessedFolder,
  configuration: name,
  preset,
  recipe,
  cases,
  seed,
  isAugmented,
}: ExamplePatchesTask): Promise<ExamplePatchesSummary> {
  const plan = await readPlan(runFolder);
  const configuration = configurationOf(plan, name);
  if (configuration.previousStage !== null) throw new AppException({ code: 'contract/bad-input', issues: ['runId: patches of a cascade are not drawn'] });
  const batchSize = Math.min(MOST_PATCHES, recipe.batchSize ?? configuration.batchSize);
  const spec = samplerSpecFor({ ...recipe, preset, patch: configuration.patch, batchSize, plan });
  const plain = { ...spec, augmentation: { ...augmentationFor(preset, configuration.patch, []), pose: null, steps: [] } };
  const sampler = new PatchSampler(new PreprocessedStore(preprocessedFolder, plan, configuration).trainingCases(cases), isAugmented ? spec : plain, seed);
  await sampler.draw();
  const shape = patchDhw(configuration.patch);
  const [depth, height, width] = shape;
  const [sliceVoxels, channels] = [height * width, plan.channels.length];
  const patches = Array.from({ length: batchSize }, (_, n) => {
    const begin = n * depth * sliceVoxels;
    const slice = fullestSlice(sampler.labels.subarray(begin, begin + depth * sliceVoxels), shape);
    const from = begin + slice * sliceVoxels;
    const cut = {
      values: sampler.images.subarray(from * channels, (from + sliceVoxels) * channels),
      classes: sampler.labels.subarray(from, from + sliceVoxels),
    };
    return {
      slice,
      pngs: plan.channels.map((_channel, channel) => Buffer.from(drawPatch({ ...cut, channels, channel, shapeHw: [height, width] })).toString('base64')),
    };
  });
  return {
    patch: [...configuration.patch],
    channelNames: plan.channels.map((channel) => channel.name),
    classNames: plan.classes.map((one) => one.name),
    patches,
  };
}

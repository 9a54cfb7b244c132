/** Whole preprocessed volumes through one network: for the validation of a training. */
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { inferPlanes } from '../nnunet/infer/infer.ts';
import type { InferHooks } from '../nnunet/infer/infer.ts';
import { inferSpecOf } from '../nnunet/infer/inferencePreset.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan/plan.ts';
import type { CaseGeometry } from '../nnunet/preprocess/preprocess.ts';
import { classesOnStoredGrid, logitsOnCroppedGrid } from '../nnunet/infer/storedClasses.ts';
import { imageSource } from '../nnunet/infer/windowSource.ts';
import type { WindowSource } from '../nnunet/infer/windowSource.ts';

/** Lets messages arrive between two windows; each blocks the thread. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Classes on the stored grid; null when told to stop. `image`: channel after channel, or windows to read. One window per call. */
export async function predictClasses(
  image: Float32Array | WindowSource,
  geometry: CaseGeometry,
  plan: Plan,
  configuration: PlanConfiguration,
  mirror: boolean,
  hooks: InferHooks,
): Promise<LabelArray | null> {
  const source = image instanceof Float32Array ? imageSource(image, geometry.shapeDhw, plan.channels.length) : image;
  const spec = inferSpecOf(plan, configuration, { mirror }, 1);
  const logits = inferPlanes(source, geometry.shapeDhw, spec, hooks);
  return classesOnStoredGrid(logitsOnCroppedGrid(logits, geometry, plan), geometry, plan, 0);
}

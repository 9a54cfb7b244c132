/** Whole volumes through the network: for validation, and for prediction. */
import type { CaseGeometry } from '../nnunet/preprocess.ts';
import { classesOnStoredGrid } from '../nnunet/preprocess.ts';
import { inferLogits } from '../nnunet/infer.ts';
import type { InferHooks } from '../nnunet/infer.ts';
import type { Plan, PlanConfiguration } from '../nnunet/plan.ts';

/** Lets messages arrive between two windows; each blocks the thread. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Classes on the stored grid; null when told to stop. */
export async function predictClasses(
  image: Float32Array,
  geometry: CaseGeometry,
  plan: Plan,
  configuration: PlanConfiguration,
  mirror: boolean,
  hooks: InferHooks,
): Promise<Uint8Array | null> {
  const spec = { patch: configuration.patch, channels: plan.channels.length, classes: plan.classes.length + 1, mirror };
  const logits = await inferLogits(image, geometry.shapeDhw, spec, hooks);
  return logits && classesOnStoredGrid(logits, geometry, plan);
}

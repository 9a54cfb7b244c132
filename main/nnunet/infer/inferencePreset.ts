/** How a plan's preset places and blends its windows; a prediction may choose otherwise. */
import type { Preset } from '../../contract/vocabulary.ts';
import type { InferSpec } from './infer.ts';
import type { Plan, PlanConfiguration } from '../plan/plan.ts';
import { outputCountOf } from './storedClasses.ts';

export interface WindowChoices {
  readonly mirror: boolean;
  /** Absent: the preset's. */
  readonly overlap?: number | undefined;
  readonly blend?: InferSpec['blend'] | undefined;
}

/** Slices that one call takes: they are many and small. A 3D window fills the processor on its own. */
const SLICES_PER_CALL = 8;

/** `most`: for less memory. */
export const windowsPerCall = (configuration: PlanConfiguration, most = SLICES_PER_CALL): number =>
  configuration.patch.length === 2 ? Math.min(most, SLICES_PER_CALL) : 1;

export function inferSpecOf(plan: Plan, configuration: PlanConfiguration, { mirror, overlap, blend }: WindowChoices, batchSize: number): InferSpec {
  const preset = windowsOf(plan.preset);
  return { patch: configuration.patch, outputs: outputCountOf(plan), mirror, overlap: overlap ?? preset.overlap, blend: blend ?? preset.blend, batchSize };
}

/** v2: overlap ½ and a Gaussian; the seed's code (not its README): ¼ and constant. */
function windowsOf(preset: Preset): Pick<InferSpec, 'overlap' | 'blend'> {
  return preset === 'seed' ? { overlap: 0.25, blend: 'constant' } : { overlap: 0.5, blend: 'gaussian' };
}

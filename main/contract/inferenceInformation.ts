/** Which trained models predict best together, `inference_information.json` (nnU-Net's name), decided on the cross-validation. */
import { z } from 'zod';
import { ConfigurationName, Preset, RunId } from './vocabulary.ts';

export const InferenceCandidate = z.object({
  /** One configuration, or two that vote by the mean of their probabilities. */
  name: z.string(),
  configurations: z
    .array(z.object({ preset: Preset, configuration: ConfigurationName }))
    .min(1)
    .max(2),
  /** One run for each configuration and fold. */
  runIds: z.array(RunId).min(1),
  /** Over all held-back cases, in original voxel space; `null` where no case has the structure. */
  dice: z.number().nullable(),
  dicePerStructure: z.array(z.number().nullable()),
});
export type InferenceCandidate = z.infer<typeof InferenceCandidate>;

export const InferenceInformation = z.object({
  version: z.literal(1),
  createdAt: z.string(),
  /** Folds that every configuration was trained on; fewer than five make the choice less sure. */
  folds: z.array(z.int()),
  caseCount: z.int(),
  mirror: z.boolean(),
  structures: z.array(z.string()),
  /** Best first. */
  candidates: z.array(InferenceCandidate).min(1),
  /** Of the best candidate; written as postprocessing.json into its runs. `keepLargestOf` names network classes. */
  postprocessing: z.object({
    steps: z.array(z.object({ keepLargestOf: z.array(z.int()) })),
    diceBefore: z.number().nullable(),
    diceAfter: z.number().nullable(),
  }),
});
export type InferenceInformation = z.infer<typeof InferenceInformation>;

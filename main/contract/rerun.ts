/** A training repeated from its record, and how its result compares with the one it repeats. */
import { z } from 'zod';
import { RunId } from './vocabulary.ts';

export const RerunOutcome = z.object({
  version: z.literal(1),
  runId: RunId,
  repeatsRunId: RunId,
  comparedAtMs: z.number(),
  /** Of the values of the weights that predict; `repeated…` `null`: that model was deleted by a version that kept no such hash. */
  weightsSha256: z.string(),
  repeatedWeightsSha256: z.string().nullable(),
  /** `null`: the weights to compare with are gone, or have other shapes. */
  largestWeightDifference: z.number().nullable(),
  /** Of the loss, step by step; 0 where the repeated run kept no losses. */
  comparedSteps: z.int().nonnegative(),
  /** From 1; `null`: none. */
  firstDifferentStep: z.int().positive().nullable(),
  largestLossDifference: z.number().nullable(),
  /** Mean of the held-out cases; `null`: none was measured. */
  dice: z.number().nullable(),
  repeatedDice: z.number().nullable(),
  isSamePlan: z.boolean(),
  /** What was computed on that is not as it was; empty where the repeated run did not say. */
  otherEnvironment: z.array(z.object({ what: z.string(), before: z.string(), now: z.string() })),
});
export type RerunOutcome = z.infer<typeof RerunOutcome>;

/** Compares a repeated training with the one it repeats; writes rerun.json. The summary is `{ rerun }`. */
export const CompareRunsTask = z.object({
  task: z.literal('compareRuns'),
  runId: RunId,
  runFolder: z.string(),
  repeatsRunId: RunId,
  repeatedRunFolder: z.string(),
});
export type CompareRunsTask = z.infer<typeof CompareRunsTask>;

/** The weights are the same, bit for bit; `null`: nobody can say any more. */
export const isSameResult = ({ weightsSha256, repeatedWeightsSha256 }: Pick<RerunOutcome, 'weightsSha256' | 'repeatedWeightsSha256'>): boolean | null =>
  repeatedWeightsSha256 === null ? null : weightsSha256 === repeatedWeightsSha256;

const figure = (value: number | null): string => (value === null ? 'unknown' : String(Number(value.toPrecision(3))));

/** Sentences, the answer first. */
export function describeRerun(outcome: RerunOutcome): string[] {
  const { largestWeightDifference, comparedSteps, firstDifferentStep, largestLossDifference, dice, repeatedDice, isSamePlan, otherEnvironment } = outcome;
  const same = isSameResult(outcome);
  const answer = { true: 'The same result, bit for bit.', false: 'Not the same result.', null: 'The weights to compare with are gone.' }[
    String(same) as 'true' | 'false' | 'null'
  ];
  const lines = [answer];
  if (same === false) lines.push(`Largest difference of a weight: ${figure(largestWeightDifference)}.`);
  if (comparedSteps === 0) lines.push('The losses cannot be compared: the repeated run kept none.');
  else if (firstDifferentStep === null) lines.push(`The loss is the same in all ${comparedSteps} steps.`);
  else lines.push(`The loss parts at step ${firstDifferentStep} of ${comparedSteps}; largest difference ${figure(largestLossDifference)}.`);
  if (dice !== null || repeatedDice !== null)
    lines.push(dice === repeatedDice ? `Validation Dice ${figure(dice)} both times.` : `Validation Dice ${figure(dice)}, before ${figure(repeatedDice)}.`);
  if (!isSamePlan) lines.push('The plan is another one: planning has changed since.');
  for (const { what, before, now } of otherEnvironment) lines.push(`Other ${what}: ${now}, before ${before}.`);
  return lines;
}

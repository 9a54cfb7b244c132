/** The comparison of a retrained model with the one in use, as a compute process gets it. */
import { z } from 'zod';
import { GateRules, GateVerdict } from './gate.ts';
import { CaseId, LabelValue, RunId, Segment } from './vocabulary.ts';

/** Compares the predictions of two models and judges the candidate; writes report.json and report.html. The summary is `GateSummary`. */
export const GateTask = z.object({
  task: z.literal('gate'),
  runId: RunId,
  runFolder: z.string(),
  currentRunId: RunId,
  currentRunFolder: z.string(),
  outputFolder: z.string(),
  legend: z.array(Segment),
  /** Labels that were merged into others since: a model of before still draws them. */
  mergedLabels: z.array(z.object({ from: LabelValue, into: LabelValue })).default([]),
  rules: GateRules,
  seed: z.int().nonnegative(),
  cases: z
    .array(
      z.object({
        caseId: CaseId,
        subject: z.string(),
        isHeldOut: z.boolean(),
        isCanary: z.boolean(),
        truthFile: z.string(),
        imageFile: z.string(),
        currentFile: z.string(),
        candidateFile: z.string(),
      }),
    )
    .min(1),
  /** What the candidate learnt and the current model did not: masks that people made of predictions, and say something about every voxel. */
  correctedMasks: z.array(z.object({ caseId: CaseId, maskFile: z.string(), predictedFile: z.string() })).default([]),
});
export type GateTask = z.infer<typeof GateTask>;
export const GateSummary = z.object({ verdict: GateVerdict.omit({ cases: true }), reportFile: z.string() });
export type GateSummary = z.infer<typeof GateSummary>;

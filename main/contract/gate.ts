/**
 * The gate between a retrained model and the one in use: by which rules it judges, and what it found. All Dice values are
 * 0 … 1 in original voxel space; a difference is candidate minus current, so a negative one is a loss.
 */
import { z } from 'zod';
import { CaseId, RunId } from './vocabulary.ts';

const drop = z.number().min(0).max(1);

/** Why each default is what it is: docs/learning.md, "Gate". */
export const GateRules = z.object({
  /** The mean over the held-out cases may be lower by this much. */
  meanMargin: drop.default(0.005),
  /** The mean of a class may be lower by this much. */
  classMargin: drop.default(0.01),
  /** A loss of the mean that is refused even where the cases are too few to prove it (for fewer than 5 cases: more). */
  meanLimit: drop.default(0.03),
  /** The same for a class. */
  classLimit: drop.default(0.05),
  /** A case that loses more is shown to the user. */
  caseDrop: drop.default(0.1),
  /** A loss of the canary cases beyond this is a warning. */
  canaryDrop: drop.default(0.02),
  /** How many of the first verified cases watch forgetting. */
  canaryCount: z.int().min(0).max(100).default(10),
  /** Of the two-sided bootstrap interval. */
  confidence: z.number().min(0.5).max(0.999).default(0.99),
  draws: z.int().min(200).max(100_000).default(2000),
  /** Deviation of a case's Dice between two equally good trainings; keeps the interval of a handful of cases honest. */
  caseNoise: drop.default(0.012),
  /** What happens to a candidate that is neither shown to be as good nor shown to be worse. */
  undecided: z.enum(['accept', 'reject']).default('accept'),
});
export type GateRules = z.infer<typeof GateRules>;

/** `worse` and `notWorse` are shown by the interval, or by a loss above the limit; `undecided`: too few cases to say. */
export const GateFinding = z.enum(['notWorse', 'undecided', 'worse', 'notCompared']);
export type GateFinding = z.infer<typeof GateFinding>;

const figure = z.number().nullable();

/** Means over the cases in which the class is in the truth or in one of the predictions; all `null` when there is none. */
export const GateComparison = z.object({
  name: z.string(),
  current: figure,
  candidate: figure,
  difference: figure,
  /** Ends of the bootstrap interval of the difference. */
  lower: figure,
  upper: figure,
  caseCount: z.int().nonnegative(),
  finding: GateFinding,
});
export type GateComparison = z.infer<typeof GateComparison>;

/** `null` where neither map has the class. */
export const GateCase = z.object({
  caseId: CaseId,
  subject: z.string(),
  isHeldOut: z.boolean(),
  isCanary: z.boolean(),
  /** Dice per class, in the order of `GateVerdict.structures`. */
  current: z.array(figure),
  candidate: z.array(figure),
  /** Of the mean over the classes that both models know. */
  difference: figure,
});
export type GateCase = z.infer<typeof GateCase>;

export const GateReason = z.discriminatedUnion('code', [
  /** There was no model to compare with. */
  z.object({ code: z.literal('first') }),
  /** Neither model held a case back: nothing can be measured. */
  z.object({ code: z.literal('nothingHeldOut') }),
  z.object({ code: z.literal('notWorse') }),
  z.object({ code: z.literal('undecided') }),
  z.object({ code: z.literal('meanDropped'), difference: z.number(), upper: z.number() }),
  z.object({ code: z.literal('classDropped'), name: z.string(), difference: z.number(), upper: z.number() }),
  /** Every case that the candidate held back was learnt from by one of the two, or by a model that it started from. */
  z.object({ code: z.literal('noCommonCases') }),
]);
export type GateReason = z.infer<typeof GateReason>;

export const GateWarning = z.discriminatedUnion('code', [
  z.object({ code: z.literal('caseDropped'), caseId: CaseId, difference: z.number() }),
  z.object({ code: z.literal('canaryDropped'), difference: z.number(), caseCount: z.int() }),
  /** So few held-out cases prove little. */
  z.object({ code: z.literal('fewCases'), caseCount: z.int() }),
  z.object({ code: z.literal('caseNotCompared'), caseId: CaseId, reason: z.string() }),
]);
export type GateWarning = z.infer<typeof GateWarning>;

/** `notJudged`: it cannot be compared with the current model; it stays in the registry until the user chooses it. */
export const GateOutcome = z.enum(['accepted', 'rejected', 'notJudged']);
export type GateOutcome = z.infer<typeof GateOutcome>;

export const GateVerdict = z.object({
  version: z.literal(1),
  runId: RunId,
  /** `null`: there was none. */
  currentRunId: RunId.nullable(),
  judgedAtMs: z.number(),
  outcome: GateOutcome,
  reasons: z.array(GateReason).min(1),
  warnings: z.array(GateWarning),
  rules: GateRules,
  seed: z.int(),
  /** `null` when nothing was compared. */
  mean: GateComparison.nullable(),
  structures: z.array(GateComparison),
  canary: GateComparison.nullable(),
  cases: z.array(GateCase),
});
export type GateVerdict = z.infer<typeof GateVerdict>;

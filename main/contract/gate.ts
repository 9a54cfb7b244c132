/**
 * The gate between a retrained model and the one in use: by which rules it judges, and what it found. All Dice values are
 * 0 … 1 in original voxel space; a difference is candidate minus current, so a negative one is a loss.
 */
import { z } from 'zod';
import { CaseId, RunId } from './vocabulary.ts';

const drop = z.number().min(0).max(1);

const rule = {
  /** The mean over the held-out cases may be lower by this much. */
  meanMargin: drop,
  /** The mean of a class may be lower by this much. */
  classMargin: drop,
  /** A loss of the mean that is refused even where the cases are too few to prove it (for fewer than 5 subjects: more). */
  meanLimit: drop,
  /** The same for a class. */
  classLimit: drop,
  /** A case that loses more is shown to the user. */
  caseDrop: drop,
  /** A loss of the canary cases beyond this is a warning. */
  canaryDrop: drop,
  /** How many of the first verified cases watch forgetting. */
  canaryCount: z.int().min(0).max(100),
  /** Of the two-sided bootstrap interval. */
  confidence: z.number().min(0.5).max(0.999),
  draws: z.int().min(200).max(100_000),
  /** Deviation of a case's Dice between two equally good trainings; keeps the interval of a handful of cases honest. */
  caseNoise: drop,
  /** A corrected mask that would agree so much better (Dice) with the prediction it corrects once that is moved is *displaced*. */
  displacedGain: drop,
  /** A candidate is refused when this part of the corrected masks that it learnt from, or more, is displaced. */
  displacedPart: z.number().min(0).max(1),
  /** What happens to a candidate that is neither shown to be as good nor shown to be worse. */
  undecided: z.enum(['accept', 'reject']),
};

/** What is left out stays as it is. */
export const GateRuleChanges = z.object(rule).partial();
export type GateRuleChanges = z.infer<typeof GateRuleChanges>;

/** Why each default is what it is: docs/learning.md, "Gate". */
export const GateRules = z.object({
  meanMargin: rule.meanMargin.default(0.005),
  classMargin: rule.classMargin.default(0.01),
  meanLimit: rule.meanLimit.default(0.03),
  classLimit: rule.classLimit.default(0.05),
  caseDrop: rule.caseDrop.default(0.1),
  canaryDrop: rule.canaryDrop.default(0.02),
  canaryCount: rule.canaryCount.default(10),
  confidence: rule.confidence.default(0.99),
  draws: rule.draws.default(2000),
  caseNoise: rule.caseNoise.default(0.012),
  displacedGain: rule.displacedGain.default(0.15),
  displacedPart: rule.displacedPart.default(0.15),
  undecided: rule.undecided.default('accept'),
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
  /** `count` of the `maskCount` corrected masks that are new to the current model; each is a warning too. */
  z.object({ code: z.literal('masksDisplaced'), count: z.int().positive(), maskCount: z.int().positive() }),
  /** Every case that the candidate held back was learnt from by one of the two, or by a model that it started from. */
  z.object({ code: z.literal('noCommonCases') }),
]);
export type GateReason = z.infer<typeof GateReason>;

export const GateWarning = z.discriminatedUnion('code', [
  z.object({ code: z.literal('caseDropped'), caseId: CaseId, difference: z.number() }),
  z.object({ code: z.literal('canaryDropped'), difference: z.number(), caseCount: z.int() }),
  /** So few held-out cases prove little. */
  z.object({ code: z.literal('fewCases'), caseCount: z.int() }),
  /** `gain`: of Dice, if the prediction were moved by `offsetMm` to where the mask lies. */
  z.object({ code: z.literal('maskDisplaced'), caseId: CaseId, offsetMm: z.number(), gain: z.number() }),
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

/** The same slice twice: what each model drew (orange) against the truth (blue). PNG files in base64. */
export const GatePicture = z.object({
  caseId: CaseId,
  difference: figure,
  /** From 0. */
  slice: z.int().nonnegative(),
  currentPng: z.string(),
  candidatePng: z.string(),
});
export type GatePicture = z.infer<typeof GatePicture>;

/** `report.json`: the verdict and pictures of the cases that got worse, worst first. */
export const GateReport = z.object({ version: z.literal(1), verdict: GateVerdict, pictures: z.array(GatePicture) });
export type GateReport = z.infer<typeof GateReport>;

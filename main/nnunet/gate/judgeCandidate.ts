/** Is a retrained model at least as good as the one in use? Pure; docs/learning.md, "Gate", says how it was tuned. */
import type { GateCase, GateComparison, GateFinding, GateOutcome, GateReason, GateRules, GateWarning } from '../../contract/gate.ts';
import type { CaseId } from '../../contract/vocabulary.ts';
import type { MaskOffset } from './displacedMask.ts';
import { pairedBootstrap } from './pairedBootstrap.ts';

export type ComparedCase = Omit<GateCase, 'difference'>;

export interface DisplacedMask {
  readonly caseId: CaseId;
  readonly offset: MaskOffset;
}

export interface JudgeInput {
  /** Those held out decide; the canaries may be among them or not. */
  readonly cases: readonly ComparedCase[];
  /** In the order of the Dice values of the cases. `isShared`: the current model knows the class too. */
  readonly structures: readonly { readonly name: string; readonly isShared: boolean }[];
  /** Corrected masks that are new to the current model. */
  readonly maskCount: number;
  readonly displaced: readonly DisplacedMask[];
  readonly rules: GateRules;
  readonly seed: number;
}

export interface Judgement {
  readonly outcome: Exclude<GateOutcome, 'notJudged'>;
  readonly reasons: GateReason[];
  readonly warnings: GateWarning[];
  readonly mean: GateComparison;
  readonly structures: GateComparison[];
  /** `null` without canaries. */
  readonly canary: GateComparison | null;
  readonly cases: GateCase[];
}

/** From so many cases on the limits hold as they are, and nobody is told that they are few. */
const ENOUGH_CASES = 5;

interface Pair {
  readonly subject: string;
  readonly current: number;
  readonly candidate: number;
}

/**
 * Rejected when the mean over the held-out cases, or that of a class, is shown to be worse: it lies below the margin with the
 * whole bootstrap interval below 0, or beyond the limit, and when too many of the corrected masks it learnt from are displaced: a
 * few hardly show in the mean, and the next rounds would build on them. A class that the current model does not know is shown
 * and not judged.
 */
export function judgeCandidate({ cases, structures, maskCount, displaced, rules, seed }: JudgeInput): Judgement {
  const shared = structures.map(({ isShared }) => isShared);
  const heldOut = cases.filter(({ isHeldOut }) => isHeldOut);
  const canaries = cases.filter(({ isCanary }) => isCanary);
  const compareWith = (name: string, pairs: readonly Pair[], margin: number, limit: number, n: number) =>
    compare(name, pairs, { margin, limit }, rules, seed + n);
  const mean = compareWith('mean', meanPairs(heldOut, shared), rules.meanMargin, rules.meanLimit, 0);
  const perStructure = structures.map(({ name, isShared }, n) => {
    const comparison = compareWith(
      name,
      heldOut.flatMap((one) => pairOf(one, n) ?? []),
      rules.classMargin,
      rules.classLimit,
      n + 1,
    );
    return isShared ? comparison : { ...comparison, finding: 'notCompared' as const };
  });
  const canary = canaries.length === 0 ? null : compareWith('canary', meanPairs(canaries, shared), rules.canaryDrop, rules.canaryDrop, structures.length + 1);
  const judged = cases.map((one): GateCase => ({ ...one, difference: differenceOf(one, shared) }));
  const tooManyDisplaced = displaced.length > 0 && displaced.length >= rules.displacedPart * maskCount;
  const refusals: GateReason[] = [
    ...refusalsOf(mean, perStructure, rules),
    ...(tooManyDisplaced ? [{ code: 'masksDisplaced' as const, count: displaced.length, maskCount }] : []),
  ];
  return {
    outcome: refusals.length > 0 ? 'rejected' : 'accepted',
    reasons: refusals.length > 0 ? refusals : [{ code: mean.finding === 'notWorse' ? 'notWorse' : 'undecided' }],
    warnings: [
      ...warningsOf(judged, canary, rules),
      ...displaced.map(({ caseId, offset: { offsetMm, diceMoved, diceInPlace } }) => ({
        code: 'maskDisplaced' as const,
        caseId,
        offsetMm,
        gain: diceMoved - diceInPlace,
      })),
    ],
    mean,
    structures: perStructure,
    canary,
    cases: judged,
  };
}

function refusalsOf(mean: GateComparison, structures: readonly GateComparison[], rules: GateRules): GateReason[] {
  const isRefused = ({ finding }: GateComparison): boolean => finding === 'worse' || (finding === 'undecided' && rules.undecided === 'reject');
  const facts = ({ difference, upper }: GateComparison) => ({ difference: difference!, upper: upper! });
  return [
    ...(isRefused(mean) ? [{ code: 'meanDropped' as const, ...facts(mean) }] : []),
    ...structures.filter(isRefused).map((one) => ({ code: 'classDropped' as const, name: one.name, ...facts(one) })),
  ];
}

function warningsOf(cases: readonly GateCase[], canary: GateComparison | null, rules: GateRules): GateWarning[] {
  const heldOutCount = cases.filter(({ isHeldOut }) => isHeldOut).length;
  const dropped = cases
    .filter(({ difference }) => difference !== null && difference < -rules.caseDrop)
    .sort((a, b) => a.difference! - b.difference!)
    .map(({ caseId, difference }) => ({ code: 'caseDropped' as const, caseId, difference: difference! }));
  const canaryLoss = canary?.difference ?? 0;
  return [
    ...dropped,
    ...(canaryLoss < -rules.canaryDrop ? [{ code: 'canaryDropped' as const, difference: canaryLoss, caseCount: canary!.caseCount }] : []),
    ...(heldOutCount < ENOUGH_CASES ? [{ code: 'fewCases' as const, caseCount: heldOutCount }] : []),
  ];
}

function compare(
  name: string,
  pairs: readonly Pair[],
  tolerance: { readonly margin: number; readonly limit: number },
  rules: GateRules,
  seed: number,
): GateComparison {
  const caseCount = pairs.length;
  if (caseCount === 0) return { name, current: null, candidate: null, difference: null, lower: null, upper: null, caseCount, finding: 'notCompared' };
  const bySubject = new Map<string, number[]>();
  for (const { subject, current, candidate } of pairs) bySubject.set(subject, [...(bySubject.get(subject) ?? []), candidate - current]);
  const { draws, confidence, caseNoise: noise } = rules;
  const interval = pairedBootstrap([...bySubject.values()], { draws, confidence, noise, seed });
  const [current, candidate] = [meanOf(pairs.map((one) => one.current)), meanOf(pairs.map((one) => one.candidate))];
  const difference = candidate - current;
  const limit = tolerance.limit * Math.sqrt(Math.max(1, ENOUGH_CASES / bySubject.size));
  return { name, current, candidate, difference, ...interval, caseCount, finding: findingOf(difference, interval, tolerance.margin, limit) };
}

function findingOf(difference: number, { lower, upper }: { readonly lower: number; readonly upper: number }, margin: number, limit: number): GateFinding {
  if (difference < -limit || (difference < -margin && upper < 0)) return 'worse';
  return lower > -margin ? 'notWorse' : 'undecided';
}

/** A class that only one of the models found, and that is not there, counts as right for the other. */
function pairOf({ subject, current, candidate }: ComparedCase, n: number): Pair | null {
  const [a, b] = [current[n] ?? null, candidate[n] ?? null];
  return a === null && b === null ? null : { subject, current: a ?? 1, candidate: b ?? 1 };
}

const meanPairs = (cases: readonly ComparedCase[], shared: readonly boolean[]): Pair[] => cases.flatMap((one) => meanPair(one, shared) ?? []);

function meanPair(one: ComparedCase, shared: readonly boolean[]): Pair | null {
  const pairs = shared.flatMap((isShared, n) => (isShared ? (pairOf(one, n) ?? []) : []));
  if (pairs.length === 0) return null;
  return { subject: one.subject, current: meanOf(pairs.map(({ current }) => current)), candidate: meanOf(pairs.map(({ candidate }) => candidate)) };
}

function differenceOf(one: ComparedCase, shared: readonly boolean[]): number | null {
  const pair = meanPair(one, shared);
  return pair && pair.candidate - pair.current;
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

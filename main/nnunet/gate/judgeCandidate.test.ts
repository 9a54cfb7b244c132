import { describe, expect, it } from 'vitest';
import { GateRules } from '../../contract/gate.ts';
import { CaseId } from '../../contract/vocabulary.ts';
import { Random } from '../random.ts';
import { type ComparedCase, judgeCandidate, type Judgement } from './judgeCandidate.ts';

const rules = GateRules.parse({});
const structures = [
  { name: 'anterior', isShared: true },
  { name: 'posterior', isShared: true },
];
const noMasks = { maskCount: 0, displaced: [] };
const heldOut = (n: number, current: (number | null)[], candidate: (number | null)[], rest: Partial<ComparedCase> = {}): ComparedCase => ({
  caseId: CaseId.parse(`case_${n}`),
  subject: `subject_${n}`,
  isHeldOut: true,
  isCanary: false,
  current,
  candidate,
  ...rest,
});
const judge = (cases: readonly ComparedCase[], changed: Partial<GateRules> = {}): Judgement =>
  judgeCandidate({ ...noMasks, cases, structures, rules: { ...rules, ...changed }, seed: 1 });

/** Dice around 0.86 between cases; the candidate differs by `gain`, and per class and case by chance. */
function simulated(caseCount: number, gain: number, deviation: number, seed: number): ComparedCase[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: caseCount }, (_, n) => {
    const ofCase = deviation * random.normal();
    const current = structures.map(() => 0.86 + 0.03 * random.normal());
    return heldOut(
      n,
      current,
      current.map((dice) => dice + gain + ofCase + (deviation / 2) * random.normal()),
    );
  });
}

function rejectedOf(trials: number, caseCount: number, gain: number, deviation: number): number {
  let rejected = 0;
  for (let seed = 0; seed < trials; seed++) if (judge(simulated(caseCount, gain, deviation, seed), { draws: 400 }).outcome === 'rejected') rejected++;
  return rejected;
}

describe('the gate by simulation, 5 to 26 held-out cases', () => {
  const counts = [5, 8, 12, 18, 26];
  const trials = 150;

  it.each(counts)('never rejects the same model (%i cases)', (caseCount) => {
    for (let seed = 0; seed < 40; seed++) {
      const same = simulated(caseCount, 0, 0, seed);
      expect(judge(same, { draws: 400 })).toMatchObject({ outcome: 'accepted' });
    }
  });

  it.each(counts)('does not reject an equal or a slightly better training (%i cases)', (caseCount) => {
    expect(rejectedOf(trials, caseCount, 0, 0.01)).toBe(0);
    expect(rejectedOf(trials, caseCount, 0.005, 0.012)).toBe(0);
  });

  it.each(counts)('rejects one that is worse by 0.03 (%i cases)', (caseCount) => {
    expect(rejectedOf(trials, caseCount, -0.03, 0.01)).toBeGreaterThanOrEqual(0.97 * trials);
  });
});

describe('the gate', () => {
  const six = (candidate: (n: number) => (number | null)[], rest?: (n: number) => Partial<ComparedCase>) =>
    Array.from({ length: 6 }, (_, n) => heldOut(n, [0.9, 0.8], candidate(n), rest?.(n)));

  it('says which class fell, though the mean did not', () => {
    const { outcome, reasons, mean } = judge(six(() => [0.96, 0.75]));
    expect({ outcome, reasons }).toMatchObject({ outcome: 'rejected', reasons: [{ code: 'classDropped', name: 'posterior' }] });
    expect(mean).toMatchObject({ difference: expect.closeTo(0.005) as number, caseCount: 6 });
  });

  it('does not judge a class that the current model does not know, and keeps it out of the mean', () => {
    const cases = six(() => [0.9, 0.1]);
    const {
      outcome,
      mean,
      structures: found,
    } = judgeCandidate({ ...noMasks, cases, structures: [structures[0]!, { name: 'new', isShared: false }], rules, seed: 1 });
    expect(outcome).toBe('accepted');
    expect(mean.difference).toBeCloseTo(0);
    expect(found[1]).toMatchObject({ name: 'new', finding: 'notCompared', caseCount: 6 });
  });

  it('lists cases that lost much, worst first, also when the mean is well', () => {
    const { outcome, warnings } = judge(six((n) => (n === 4 ? [0.7, 0.6] : n === 2 ? [0.75, 0.68] : [0.95, 0.86])));
    expect(outcome).toBe('accepted');
    expect(warnings).toMatchObject([
      { code: 'caseDropped', caseId: 'case_4' },
      { code: 'caseDropped', caseId: 'case_2' },
    ]);
  });

  it('refuses a large loss that a few cases cannot prove', () => {
    expect(judge(six((n) => (n === 0 ? [0.2, 0.1] : [0.9, 0.8]))).outcome).toBe('rejected');
  });

  it('warns of forgetting by the canaries, which do not decide', () => {
    const canaries = [10, 11].map((n) => heldOut(n, [0.9, 0.8], [0.85, 0.75], { isHeldOut: false, isCanary: true }));
    const { outcome, canary, warnings } = judge([...six(() => [0.91, 0.81]), ...canaries]);
    expect(outcome).toBe('accepted');
    expect(canary).toMatchObject({ caseCount: 2, difference: expect.closeTo(-0.05) as number });
    expect(warnings).toMatchObject([{ code: 'canaryDropped', caseCount: 2 }]);
  });

  it('takes a class that is nowhere for right: inventing it is a loss, never having it says nothing', () => {
    const cases = [...six(() => [0.9, 0.8]), heldOut(6, [null, 0.8], [0, 0.8]), heldOut(7, [null, 0.8], [null, 0.8])];
    const { structures: found } = judge(cases);
    expect(found[0]).toMatchObject({ caseCount: 7, difference: expect.closeTo(-1 / 7) as number });
  });

  it('knows that cases of one subject are not independent', () => {
    const worse = (subject: (n: number) => string) =>
      judge(Array.from({ length: 12 }, (_, n) => heldOut(n, [0.9, 0.8], [0.9 - 0.02 * (n % 2), 0.8 - 0.02 * (n % 2)], { subject: subject(n) })));
    const width = ({ mean }: Judgement) => mean.upper! - mean.lower!;
    expect(width(worse((n) => `s${n % 2}`))).toBeGreaterThan(1.5 * width(worse((n) => `s${n}`)));
  });

  it('can be strict: what is undecided is refused', () => {
    const cases = six((n) => [0.9 + 0.02 * (n % 2), 0.8 - 0.02 * (n % 3)]);
    expect(judge(cases).outcome).toBe('accepted');
    expect(judge(cases, { undecided: 'reject' }).outcome).toBe('rejected');
  });

  it('refuses a better model that learnt from many displaced masks, and only warns of a single one among many', () => {
    const cases = six(() => [0.91, 0.81]);
    const displaced = ['a', 'b'].map((id) => ({
      caseId: CaseId.parse(id),
      offset: { offsetIjk: [4, 0, 0], offsetMm: 4, diceInPlace: 0.4, diceMoved: 0.8 } as const,
    }));
    const judgeWith = (masks: typeof displaced, maskCount: number) => judgeCandidate({ cases, structures, rules, seed: 1, displaced: masks, maskCount });
    expect(judgeWith(displaced, 8)).toMatchObject({ outcome: 'rejected', reasons: [{ code: 'masksDisplaced', count: 2, maskCount: 8 }] });
    expect(judgeWith(displaced.slice(1), 8)).toMatchObject({
      outcome: 'accepted',
      warnings: [{ code: 'maskDisplaced', caseId: 'b', offsetMm: 4, gain: expect.closeTo(0.4) as number }],
    });
    expect(judgeWith([], 0)).toMatchObject({ outcome: 'accepted', warnings: [] });
  });

  it('says the same for the same seed, and that few cases prove little', () => {
    const cases = simulated(3, -0.01, 0.01, 4);
    expect(judge(cases)).toEqual(judge(cases));
    expect(judge(cases).warnings).toContainEqual({ code: 'fewCases', caseCount: 3 });
  });
});

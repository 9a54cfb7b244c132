import { afterEach, describe, expect, it } from 'vitest';
import { GateReason, GateWarning } from '../../../main/contract/gate.ts';
import { RerunOutcome } from '../../../main/contract/rerun.ts';
import { setLanguage } from './messages.svelte.ts';
import { gateReasonText, gateWarningText, rerunSentences, verdictText } from './verdictText.ts';

const figures = {
  difference: -0.0314,
  upper: -0.01,
  caseId: 'case_7',
  name: 'Liver',
  count: 2,
  maskCount: 9,
  caseCount: 3,
  offsetMm: 4.25,
  gain: 0.2,
  reason: 'no file',
};
const reasons = GateReason.options.map((one) => one.parse({ ...figures, code: one.shape.code.value }));
const warnings = GateWarning.options.map((one) => one.parse({ ...figures, code: one.shape.code.value }));
const [weights, other] = ['a'.repeat(64), 'b'.repeat(64)];
const rerun = RerunOutcome.parse({
  version: 1,
  runId: 'run_2',
  repeatsRunId: 'run_1',
  comparedAtMs: 0,
  weightsSha256: weights,
  repeatedWeightsSha256: other,
  largestWeightDifference: 0.00123,
  comparedSteps: 40,
  firstDifferentStep: 7,
  largestLossDifference: 0.25,
  dice: 0.8125,
  repeatedDice: 0.75,
  isSamePlan: false,
  otherEnvironment: [{ what: 'threads', before: '4', now: '2' }],
});

afterEach(() => setLanguage('en'));

describe('verdicts and repeated trainings', () => {
  it.each([...reasons.map((one) => [one.code, () => gateReasonText(one)] as const), ...warnings.map((one) => [one.code, () => gateWarningText(one)] as const)])(
    '%s is said in both languages, with the same names',
    (_code, text) => {
      const english = text();
      setLanguage('de');
      const german = text();
      expect(german).not.toBe(english);
      const named = (sentence: string): string[] =>
        sentence
          .replaceAll(',', '.')
          .match(/case_7|Liver|no file|\d+\.\d+/g)
          ?.sort() ?? [];
      expect(named(german)).toEqual(named(english));
    },
  );

  it('an outcome that only could not be told apart says so', () => {
    setLanguage('de');
    expect(verdictText({ outcome: 'accepted', reasons: [{ code: 'undecided' }] })).toBe('angenommen, nicht zu unterscheiden');
    expect(verdictText({ outcome: 'rejected', reasons: [{ code: 'noCommonCases' }] })).toBe('abgelehnt');
  });

  it('a repeated training is described in as many sentences', () => {
    for (const outcome of [
      rerun,
      { ...rerun, repeatedWeightsSha256: weights, firstDifferentStep: null, isSamePlan: true },
      { ...rerun, repeatedWeightsSha256: null, comparedSteps: 0 },
    ]) {
      setLanguage('en');
      const english = rerunSentences(outcome);
      setLanguage('de');
      expect(rerunSentences(outcome)).toHaveLength(english.length);
    }
    expect(rerunSentences(rerun).slice(0, 3)).toEqual([
      'Nicht dasselbe Ergebnis.',
      'Größter Unterschied eines Gewichts: 0,00123.',
      'Der Loss weicht ab Schritt 7 von 40 ab; größter Unterschied 0,25.',
    ]);
  });
});

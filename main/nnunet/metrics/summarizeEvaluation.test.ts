import { describe, expect, it } from 'vitest';
import { evaluateCase } from './evaluateCase.ts';
import { nnunetSummary } from './nnunetSummary.ts';
import { foregroundMean, summarizeFigure, summarizeStructure } from './summarizeEvaluation.ts';

const options = { structures: [{ labelValues: [1] }, { labelValues: [2] }], absentScoresOne: false, ignoreLabel: null };
const metricsOf = (predicted: string, truth: string) =>
  evaluateCase(
    { predicted: Uint8Array.from(predicted, Number), truth: Uint8Array.from(truth, Number), shapeDhw: [1, 1, truth.length], spacingDhwMm: [1, 1, 1] },
    options,
  );

describe('means over cases', () => {
  it('leave undefined numbers out, as numpy.nanmean does', () => {
    expect(summarizeFigure([1, null, 4, 3])).toEqual({ mean: 8 / 3, median: 3, std: expect.closeTo(1.247219, 6) as number, min: 1, max: 4, definedCount: 3 });
    expect(summarizeFigure([null])).toMatchObject({ mean: null, definedCount: 0 });
  });

  it('are nnU-Net s: over cases first, then over structures', () => {
    const cases = [metricsOf('1120', '1100'), metricsOf('0000', '1000'), metricsOf('1000', '1000')];
    const summary = [0, 1].map((n) => summarizeStructure(cases.map((one) => one[n]!)));
    expect(summary[0]!.dice.mean).toBeCloseTo((1 + 0 + 1) / 3, 12);
    expect(summary[1]!.dice).toMatchObject({ mean: 0, definedCount: 1 });
    expect(foregroundMean(summary).dice).toBeCloseTo(1 / 3, 12);
    const structures = options.structures.map((one, n) => ({ ...one, name: `s${n}`, colorRgb: [0, 0, 0] as const }));
    const evaluation = {
      version: 1,
      title: '',
      createdAt: '',
      absentFromBoth: 'leftOut',
      ignoreLabel: null,
      structures,
      cases: cases.map((metrics, n) => ({ name: `c${n}`, predictionFile: `p${n}`, truthFile: `t${n}`, metrics })),
      summary,
      foregroundMean: foregroundMean(summary),
      leftOut: [],
    } as const;
    const written = nnunetSummary({ ...evaluation, structures: [...structures], cases: [...evaluation.cases], leftOut: [] });
    expect(written).toMatchObject({
      foreground_mean: { Dice: expect.closeTo(1 / 3, 12) as number },
      mean: { 1: { Dice: expect.closeTo(2 / 3, 12) as number, n_ref: 4 / 3, n_pred: 1 }, 2: { Dice: 0, FP: 1 / 3 } },
      metric_per_case: [
        { metrics: { 1: { TP: 2, FP: 0, FN: 0, TN: 2, Dice: 1, IoU: 1 }, 2: { Dice: 0, n_pred: 1, n_ref: 0 } }, prediction_file: 'p0', reference_file: 't0' },
        {},
        {},
      ],
    });
  });
});

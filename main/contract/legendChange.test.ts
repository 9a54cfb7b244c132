import { describe, expect, it } from 'vitest';
import { changeLegend, knownAfter, type LegendOperation } from './legendChange.ts';
import { NO_LABEL_RULES, type LabelRules, type Segment } from './vocabulary.ts';

const legend: Segment[] = [1, 2, 3].map((labelValue) => ({ labelValue, name: `s${labelValue}`, colorRgb: [labelValue, 0, 0] }));
const change = (operations: LegendOperation[], labelRules: LabelRules = NO_LABEL_RULES) => changeLegend({ legend, labelRules }, operations);

describe('operations on a legend', () => {
  it('follow one another: what was merged goes where its target goes', () => {
    const done = change([
      { op: 'merge', labelValue: 1, into: 2 },
      { op: 'remove', labelValue: 2 },
    ]);
    expect(done).toMatchObject({
      issues: [],
      legend: [legend[2]],
      valueMap: [
        { from: 1, to: 0 },
        { from: 2, to: 0 },
      ],
    });
  });

  it('keep regions that mean the same, and are refused where a region would become another', () => {
    const region = (labelValues: number[], paintsLabelValue: number): LabelRules => ({
      regions: [{ name: 'r', labelValues, paintsLabelValue }],
      ignoreLabelValue: null,
    });
    const merge: LegendOperation[] = [{ op: 'merge', labelValue: 1, into: 2 }];
    expect(change(merge, region([1, 2], 1)).labelRules).toEqual(region([2], 2));
    expect(change(merge, region([1, 3], 3)).issues).toHaveLength(1);
    expect(change(merge, region([2, 3], 3)).issues).toHaveLength(1);
    expect(change(merge, region([3], 3))).toMatchObject({ issues: [], labelRules: region([3], 3) });
    expect(change([{ op: 'remove', labelValue: 1 }], region([1], 1)).issues).toHaveLength(1);
    expect(change([{ op: 'remove', labelValue: 1 }], region([1, 2], 2)).labelRules).toEqual(region([2], 2));
  });

  it.each([
    [{ op: 'remove', labelValue: 3 }],
    [{ op: 'merge', labelValue: 1, into: 3 }],
    [{ op: 'merge', labelValue: 1, into: 1 }],
    [{ op: 'merge', labelValue: 1, into: 9 }],
    [{ op: 'add', segment: { ...legend[0]!, name: 'other' } }],
  ] as [LegendOperation][])('%j is refused', (operation) => {
    expect(change([operation], { regions: null, ignoreLabelValue: 3 }).issues).toHaveLength(1);
  });

  it('leave known what was known in all its parts', () => {
    const merged = [{ from: 1, to: 2 }];
    expect(knownAfter([1, 2, 3], merged)).toEqual([2, 3]);
    expect(knownAfter([2, 3], merged)).toEqual([3]);
    expect(knownAfter([1], merged)).toBeNull();
    expect(knownAfter([1, 3], [{ from: 1, to: 0 }])).toEqual([3]);
  });
});

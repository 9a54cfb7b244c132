import { describe, expect, it } from 'vitest';
import { Segment } from '../contract/vocabulary.ts';
import { defaultColor } from '../contract/segmentColors.ts';
import { joinLabels } from './read/joinLabels.ts';
import { ProjectLegend, withValues } from './projectLegend.ts';
import type { ReadLabels } from './read/readLabels.ts';

const code = (value: string, modifier?: string) => ({
  category: { scheme: 'SCT', value: '91723000', meaning: 'Anatomical Structure' },
  type: { scheme: 'SCT', value, meaning: `Meaning ${value}` },
  ...(modifier ? { modifier: { scheme: 'SCT', value: modifier, meaning: modifier } } : {}),
});
const segment = (labelValue: number, name: string, codes?: ReturnType<typeof code>) =>
  Segment.parse({ labelValue, name, colorRgb: [1, 2, 3], ...(codes ? { codes } : {}) });
const adopt = (legend: ProjectLegend, ...segments: Segment[]) =>
  legend.adopt(segments, '/x', true).segments.map(({ labelValue, name }) => `${labelValue} ${name}`);

describe('ProjectLegend', () => {
  it('keeps numbers that are free, and moves those that are not', () => {
    const legend = new ProjectLegend([segment(1, 'Liver')]);
    expect(adopt(legend, segment(1, 'Spleen'), segment(7, 'Kidney'))).toEqual(['8 Spleen', '7 Kidney']);
    expect(adopt(legend, segment(3, 'KIDNEY'), segment(4, 'liver'))).toEqual(['7 Kidney', '1 Liver']);
  });

  it('matches by code where it is unambiguous', () => {
    const legend = new ProjectLegend([segment(1, 'Leber', code('L')), segment(2, 'Kidney left', code('K', 'left'))]);
    expect(adopt(legend, segment(5, 'Liver', code('L')))).toEqual(['1 Leber']);
    expect(adopt(legend, segment(6, 'Kidney right', code('K', 'right')))).toEqual(['6 Kidney right']);
    // two lesions of one code
    const lesions = new ProjectLegend([segment(1, 'Lesion', code('M'))]);
    expect(adopt(lesions, segment(1, 'first', code('M')), segment(2, 'second', code('M')))).toEqual(['3 first', '2 second']);
    // one name, two meanings
    expect(adopt(lesions, segment(9, 'Lesion', code('X')))).toEqual(['9 Lesion (Meaning X)']);
  });

  it('gives two segments of one file two labels, whatever they are called', () => {
    const legend = new ProjectLegend([segment(1, 'Lesion 1')]);
    expect(adopt(legend, segment(1, 'Lesion-1'), segment(2, 'lesion_1'))).toEqual(['1 Lesion 1', '2 lesion_1']);
  });

  it('keeps colours of the file unless another segment has them', () => {
    const legend = new ProjectLegend([]);
    const { segments } = legend.adopt([segment(1, 'GTV'), segment(2, 'CTV')], '/x', false);
    expect(segments.map(({ colorRgb }) => colorRgb)).toEqual([[1, 2, 3], defaultColor(2)]);
  });

  it('moves voxels with the numbers', () => {
    const { valueOf } = new ProjectLegend([segment(1, 'a')]).adopt([segment(1, 'b'), segment(2, 'a')], '/x', true);
    expect(withValues(Uint8Array.of(0, 1, 2, 1), valueOf)).toEqual(Uint8Array.of(0, 3, 1, 3));
    const labels = Uint8Array.of(1);
    expect(withValues(labels, new Map([[1, 1]]))).toBe(labels);
    expect(withValues(labels, new Map([[1, 300]]))).toEqual(Uint16Array.of(300));
  });
});

describe('regions', () => {
  const map = (path: string, voxels: number[], segments: Segment[], regions: ReadLabels['regions'] = null): ReadLabels => ({
    path,
    voxels: Uint8Array.from(voxels),
    segments,
    hasOwnNumbers: false,
    regions,
    warnings: [],
  });
  const none = { segments: [], rules: undefined };

  it('of several cases are joined; once there are some, every segment is one', () => {
    const legend = new ProjectLegend([segment(9, 'Old')]);
    const first = joinLabels(
      [
        map(
          '/a',
          [1, 2, 3],
          [segment(1, 'A'), segment(2, 'B'), segment(3, 'A + B')],
          [
            { name: 'A', labelValues: [1, 3], paintsLabelValue: 1 },
            { name: 'B', labelValues: [2, 3], paintsLabelValue: 2 },
          ],
        ),
      ],
      legend,
      none,
    );
    expect(first.rules?.regions?.map(({ name, labelValues }) => [name, labelValues])).toEqual([
      ['A', [1, 3]],
      ['B', [2, 3]],
      ['Old', [9]],
    ]);
    const second = joinLabels([map('/b', [1, 2], [segment(1, 'C'), segment(2, 'B')])], legend, none);
    expect(second.rules?.regions?.map(({ name, labelValues }) => [name, labelValues])).toEqual([
      ['A', [1, 3]],
      ['B', [2, 3]],
      ['Old', [9]],
      ['C', [10]],
    ]);
    expect(second.voxels).toEqual(Uint8Array.of(10, 2));
  });
});

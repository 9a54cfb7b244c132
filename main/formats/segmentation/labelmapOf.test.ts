import { describe, expect, it } from 'vitest';
import { AppException } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { labelmapOf, type LabelmapOptions } from './labelmapOf.ts';
import type { ReadSegment, Segmentation } from './segmentation.ts';

const grey = (labelValue: number) => [labelValue, labelValue, labelValue] as const;

/** One row of voxels; `masks` as strings of 0 and 1. */
function segmentation(masks: readonly string[], segments?: readonly ReadSegment[]): Segmentation {
  return {
    grid: { dimsIjk: [masks[0]!.length, 1, 1], spacingMm: [1, 1, 1], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as unknown as Grid,
    segments: segments ?? masks.map((_, n) => ({ number: n + 1, name: 'ABCDEFGH'[n]! })),
    image: { sopInstanceUids: [] },
    warnings: [],
    maskOf: (index) => Uint8Array.from(masks[index]!, Number),
  };
}
const read = (masks: readonly string[], options: Partial<LabelmapOptions> = {}, segments?: readonly ReadSegment[]) =>
  labelmapOf(segmentation(masks, segments), { overlap: 'order', defaultColor: grey, ...options }, 'x.dcm');

describe('labelmapOf', () => {
  it('keeps the numbers of segments that do not overlap, whatever the rule', () => {
    for (const overlap of ['order', 'keep', 'refuse'] as const) {
      const { labels, segments, regions, overlapVoxelCount, warnings } = read(['1000', '0011'], { overlap });
      expect([...labels]).toEqual([1, 0, 2, 2]);
      expect(segments.map(({ labelValue, name }) => [labelValue, name])).toEqual([
        [1, 'A'],
        [2, 'B'],
      ]);
      expect([regions, overlapVoxelCount, warnings]).toEqual([null, 0, []]);
    }
  });

  it('order: later over earlier, or as asked for, and says how much was lost', () => {
    const masks = ['1110', '0111', '0010'];
    expect([...read(masks).labels]).toEqual([1, 2, 3, 2]);
    const { labels, overlapVoxelCount, warnings } = read(masks, { order: ['C', 'A'] });
    expect([...labels]).toEqual([1, 1, 1, 2]);
    expect(overlapVoxelCount).toBe(2);
    expect(warnings).toEqual([
      {
        code: 'import/doubtful',
        path: 'x.dcm',
        detail: "2 voxels belong to several segments and went to the uppermost one: 'A' and 'B' share 1 voxel; 'A', 'B' and 'C' share 1 voxel",
      },
    ]);
  });

  it('keep: every combination is a label, and regions give the segments back exactly', () => {
    const masks = ['11110000', '00111100', '00010000', '00000000'];
    const { labels, segments, regions } = read(masks, { overlap: 'keep' });
    expect([...labels]).toEqual([1, 1, 5, 6, 2, 2, 0, 0]);
    expect(segments.slice(4).map(({ labelValue, name, colorRgb }) => [labelValue, name, colorRgb])).toEqual([
      [5, 'A + B', [2, 2, 2]],
      [6, 'A + B + C', [2, 2, 2]],
    ]);
    expect(regions!.map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D']);
    regions!.forEach(({ labelValues }, n) => expect(Array.from(labels, (value) => (labelValues.includes(value) ? 1 : 0)).join('')).toBe(masks[n]));
    // C never lies outside A and B: where it is predicted, all three are
    expect(regions!.map(({ paintsLabelValue }) => paintsLabelValue)).toEqual([1, 2, 6, 4]);
  });

  it('refuse: names the segments', () => {
    const refused = () => read(['110', '011'], { overlap: 'refuse' });
    expect(refused).toThrow(AppException);
    expect(refused).toThrow(expect.objectContaining({ error: { code: 'import/segments-overlap', path: 'x.dcm', detail: "'A' and 'B' share 1 voxel" } }));
  });

  it('numbers that no label can have are counted from 1, names are made different', () => {
    const { labels, segments, warnings } = read(['10', '01'], {}, [
      { number: 0, name: 'Niere', colorRgb: [1, 2, 3] },
      { number: 70_000, name: 'Niere' },
    ]);
    expect([...labels]).toEqual([1, 2]);
    expect(segments).toEqual([
      { labelValue: 1, name: 'Niere', colorRgb: [1, 2, 3] },
      { labelValue: 2, name: 'Niere (2)', colorRgb: [2, 2, 2] },
    ]);
    expect(warnings).toHaveLength(1);
  });

  it('names are as long as a legend allows', () => {
    const name = 'x'.repeat(70);
    const { segments } = read(['10', '01'], {}, [
      { number: 1, name },
      { number: 2, name },
    ]);
    expect(segments.map((segment) => segment.name.length)).toEqual([64, 64]);
    expect(segments[1]!.name.endsWith(' (2)')).toBe(true);
  });

  it('more combinations than a byte counts', () => {
    const count = 300;
    const masks = Array.from({ length: count }, (_, n) => `${'0'.repeat(n)}11${'0'.repeat(count - n)}`);
    const segments = masks.map((_, n) => ({ number: n + 1, name: `s${n}` }));
    const { labels, regions } = read(masks, { overlap: 'keep' }, segments);
    expect(new Set(labels).size).toBe(count + 2);
    regions!.forEach(({ name, labelValues }) =>
      expect(Array.from(labels, (value) => (labelValues.includes(value) ? 1 : 0)).join('')).toBe(masks[Number(name.slice(1))]),
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { Segment } from '../contract/vocabulary.ts';
import { selectSegments } from './selectSegments.ts';

const segment = (labelValue: number, name: string): Segment => ({ labelValue, name, colorRgb: [1, 2, 3] });
const legend = [segment(1, 'liver'), segment(2, 'tumour'), segment(300, 'vessel')];
const unknown = (labelValue: number) => segment(labelValue, `label ${labelValue}`);
const names = (segments: readonly Segment[]) => segments.map(({ name }) => name);

describe('segments on their way out', () => {
  it('are all there without a choice, also those that the legend does not know', () => {
    const voxels = Uint16Array.of(0, 1, 300, 7, 1);
    const selected = selectSegments(voxels, legend, undefined, unknown);
    expect(selected.voxels).toBe(voxels);
    expect(names(selected.segments)).toEqual(['liver', 'tumour', 'label 7', 'vessel']);
    expect(names(selected.painted)).toEqual(['liver', 'label 7', 'vessel']);
  });

  it('are those chosen; the others become background in a copy', () => {
    const voxels = Uint8Array.of(0, 1, 2, 7, 2);
    const selected = selectSegments(voxels, legend, [2, 300], unknown);
    expect(selected.voxels).toEqual(Uint8Array.of(0, 0, 2, 0, 2));
    expect(voxels[1]).toBe(1);
    expect(names(selected.segments)).toEqual(['tumour', 'vessel']);
    expect(names(selected.painted)).toEqual(['tumour']);
  });
});

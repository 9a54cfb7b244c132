import { describe, expect, it } from 'vitest';
import { Segment } from '../../../main/contract/vocabulary.ts';
import { SEGMENT_TEMPLATES, withTemplate } from './segmentTemplates.ts';

describe('templates of segments', () => {
  it.each(SEGMENT_TEMPLATES.map((template) => [template.key, template] as const))('%s: valid, each with a code', (_key, template) => {
    const legend = withTemplate([], template);
    expect(legend.map(({ labelValue }) => labelValue)).toEqual(template.segments.map((_, n) => n + 1));
    for (const segment of legend) {
      Segment.parse(segment);
      expect(segment.codes?.type.scheme, segment.name).toBe('SCT');
    }
    expect(new Set(legend.map(({ colorRgb }) => colorRgb.join())).size).toBe(legend.length);
  });

  it('go behind what is there and add no name twice', () => {
    const own: Segment[] = [{ labelValue: 2, name: 'liver', colorRgb: [1, 2, 3] }];
    const template = SEGMENT_TEMPLATES[0]!;
    expect(withTemplate(own, template).map(({ labelValue, name }) => [labelValue, name])).toEqual([
      [2, 'liver'],
      [1, 'Lesion'],
    ]);
    expect(withTemplate(withTemplate(own, template), template)).toHaveLength(2);
    expect(withTemplate([], SEGMENT_TEMPLATES[1]!)[0]!.codes).toMatchObject({ type: { meaning: 'Kidney' }, modifier: { meaning: 'Left' } });
  });
});

import { defaultColor } from '../contract/segmentColors.ts';
import type { Segment } from '../contract/vocabulary.ts';

/** A legend entry; names longer than the contract allows are cut. */
export function defaultSegment(labelValue: number, name = `label ${labelValue}`): Segment {
  return { labelValue, name: name.trim().slice(0, 64) || `label ${labelValue}`, colorRgb: defaultColor(labelValue) };
}

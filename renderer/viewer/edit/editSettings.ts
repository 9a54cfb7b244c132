/** The editing tools of the left button, and how they are set. */
import type { GreyRange } from './maskEditor.ts';

export const EDIT_TOOLS = ['brush', 'eraser', 'push', 'lasso', 'polygon', 'rectangle', 'contour', 'fill', 'region', 'prompt'] as const;
export type EditTool = (typeof EDIT_TOOLS)[number];
export const isEditTool = (tool: string): tool is EditTool => (EDIT_TOOLS as readonly string[]).includes(tool);

export interface EditSettings {
  readonly radiusMm: number;
  /** A disc in the plane of the view, or a ball through slices. */
  readonly shape: 'circle' | 'sphere';
  /** Which grey values may be changed: any, those of `greyRange`, or those near the value where a stroke begins. */
  readonly greys: 'any' | 'range' | 'near';
  readonly greyRange: GreyRange;
  /** Up and down from the value where a stroke or a region begins. */
  readonly tolerance: number;
  /** What lasso, polygon and rectangle do. */
  readonly cut: 'fill' | 'erase' | 'eraseOutside';
  readonly depth: 'slice' | 'volume';
  /** What runs through the points of a contour, and whether it adds to the segment or replaces it. */
  readonly curve: 'polygon' | 'spline';
  readonly contourMode: 'add' | 'replace';
  /** No region grows farther from where it was begun. */
  readonly regionRadiusMm: number;
}

export const FIRST_SETTINGS: EditSettings = {
  radiusMm: 4,
  shape: 'circle',
  greys: 'any',
  greyRange: { lower: 0, upper: 100 },
  tolerance: 50,
  cut: 'fill',
  depth: 'slice',
  curve: 'spline',
  contourMode: 'replace',
  regionRadiusMm: 40,
};

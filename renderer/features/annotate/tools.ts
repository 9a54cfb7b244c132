import { t } from '../../lib/messages/messages.svelte.ts';
import type { IconName } from '../../ui/iconPaths.ts';
import type { EditSettings } from '../../viewer/edit/editSettings.ts';
import type { ViewerTool } from '../../viewer/mprTools.ts';

interface ToolEntry<Tool extends ViewerTool = ViewerTool> {
  readonly tool: Tool;
  readonly key: string;
}
/** It has a picture. */
type ButtonTool = ViewerTool & IconName;

/** The tools of the toolbar, in its order, with the key of each. */
export const VIEW_TOOLS: readonly ToolEntry<ButtonTool>[] = [
  { tool: 'windowLevel', key: 'W' },
  { tool: 'crosshairs', key: 'C' },
  { tool: 'pan', key: 'P' },
  { tool: 'zoom', key: 'Z' },
];
/** Without a button of their own in the toolbar. */
export const MEASURING_TOOLS: readonly ToolEntry[] = [
  { tool: 'length', key: 'Shift+L' },
  { tool: 'angle', key: 'Shift+A' },
  { tool: 'ellipse', key: 'Shift+E' },
];
export const EDIT_TOOLS: readonly ToolEntry<ButtonTool>[] = [
  { tool: 'brush', key: 'B' },
  { tool: 'eraser', key: 'E' },
  { tool: 'push', key: 'N' },
  { tool: 'lasso', key: 'L' },
  { tool: 'polygon', key: 'G' },
  { tool: 'rectangle', key: 'Q' },
  { tool: 'contour', key: 'V' },
  { tool: 'fill', key: 'Y' },
  { tool: 'region', key: 'O' },
  { tool: 'prompt', key: 'A' },
];
/** Keys that choose a brush and its shape at once. */
export const SHAPED_TOOLS: readonly {
  readonly id: 'brush' | 'sphereBrush' | 'eraser' | 'sphereEraser';
  readonly key: string;
  readonly tool: ViewerTool;
  readonly shape: EditSettings['shape'];
}[] = [
  { id: 'brush', key: 'B', tool: 'brush', shape: 'circle' },
  { id: 'sphereBrush', key: 'S', tool: 'brush', shape: 'sphere' },
  { id: 'eraser', key: 'E', tool: 'eraser', shape: 'circle' },
  { id: 'sphereEraser', key: 'R', tool: 'eraser', shape: 'sphere' },
];
export const toolName = (tool: ViewerTool): string => t(`tool.${tool}`);
export const toolHint = (tool: ViewerTool): string => t(`toolHint.${tool}`);

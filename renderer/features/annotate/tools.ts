import { t } from '../../lib/messages/messages.svelte.ts';
import type { ViewerTool } from '../../viewer/mprTools.ts';

/** The tools of the toolbar, in its order, with the key of each. */
export const TOOLS: readonly { readonly tool: ViewerTool; readonly key: string }[] = [
  { tool: 'windowLevel', key: 'W' },
  { tool: 'crosshairs', key: 'C' },
  { tool: 'pan', key: 'P' },
  { tool: 'zoom', key: 'Z' },
  { tool: 'brush', key: 'B' },
  { tool: 'sphereBrush', key: 'S' },
  { tool: 'eraser', key: 'E' },
  { tool: 'sphereEraser', key: 'R' },
];
export const toolName = (tool: ViewerTool): string => t(`tool.${tool}`);

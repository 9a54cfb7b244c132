/** The tools of the three planes and their mouse buttons. */
import {
  AngleTool,
  CrosshairsTool,
  EllipticalROITool,
  Enums,
  LengthTool,
  PanTool,
  StackScrollTool,
  ToolGroupManager,
  TrackballRotateTool,
  WindowLevelTool,
  ZoomTool,
  addTool,
} from '@cornerstonejs/tools';
import type { MeasurementKind } from '../../main/contract/measurements.ts';
import { isEditTool } from './edit/editSettings.ts';
import type { EditTool } from './edit/editSettings.ts';

export const PLANES = ['axial', 'sagittal', 'coronal'] as const;
export type Plane = (typeof PLANES)[number];
export type ViewTool = 'windowLevel' | 'crosshairs' | 'pan' | 'zoom' | MeasurementKind;
export type ViewerTool = ViewTool | EditTool;

const GROUP_ID = 'mpr';
/** Colour of the reference line that stands for each plane in the other two. */
export const PLANE_COLORS: Record<Plane, string> = { axial: 'rgb(224, 96, 96)', sagittal: 'rgb(224, 200, 80)', coronal: 'rgb(96, 200, 120)' };

/** Cornerstone's names of the tools that measure. */
export const MEASURING_TOOL_NAME: Record<MeasurementKind, string> = {
  length: LengthTool.toolName,
  angle: AngleTool.toolName,
  ellipse: EllipticalROITool.toolName,
};

const TOOL_NAME: Record<ViewTool, string> = {
  ...MEASURING_TOOL_NAME,
  windowLevel: WindowLevelTool.toolName,
  crosshairs: CrosshairsTool.toolName,
  pan: PanTool.toolName,
  zoom: ZoomTool.toolName,
};

/** Once per page. */
export function registerTools(): void {
  for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool, CrosshairsTool, LengthTool, AngleTool, EllipticalROITool, TrackballRotateTool])
    addTool(tool);
}

const isPlane = (id: string): id is Plane => (PLANES as readonly string[]).includes(id);

export class MprTools {
  readonly #group;
  #primary: ViewTool | null = null;

  constructor(renderingEngineId: string) {
    const group = ToolGroupManager.createToolGroup(GROUP_ID);
    if (!group) throw new Error(`tool group '${GROUP_ID}' exists already`);
    this.#group = group;
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool]) group.addTool(tool.toolName);
    group.addTool(CrosshairsTool.toolName, {
      getReferenceLineColor: (viewportId: string) => (isPlane(viewportId) ? PLANE_COLORS[viewportId] : 'rgb(200, 200, 200)'),
      getReferenceLineControllable: () => true,
      getReferenceLineDraggableRotatable: () => true, // without it a click does not move the crosshairs either
      getReferenceLineSlabThicknessControlsOn: () => false,
    });
    for (const name of Object.values(MEASURING_TOOL_NAME)) group.addTool(name);
    for (const plane of PLANES) group.addViewport(plane, renderingEngineId);
    for (const name of Object.values(MEASURING_TOOL_NAME)) group.setToolPassive(name); // seen, and moved by their ends, with every tool of the mouse
    const { MouseBindings } = Enums;
    group.setToolActive(StackScrollTool.toolName, { bindings: [{ mouseButton: MouseBindings.Wheel }] });
    this.#bindSecondaryButtons();
    this.select('windowLevel');
  }

  /** Middle button pans and right button zooms whatever the left one does. */
  #bindSecondaryButtons(): void {
    const { MouseBindings } = Enums;
    this.#group.setToolActive(PanTool.toolName, { bindings: [{ mouseButton: MouseBindings.Auxiliary }] });
    this.#group.setToolActive(ZoomTool.toolName, { bindings: [{ mouseButton: MouseBindings.Secondary }] });
  }

  /** Which tool the left button works; editing tools take it themselves. */
  select(tool: ViewerTool): void {
    const left = [{ mouseButton: Enums.MouseBindings.Primary }];
    if (this.#primary) this.#group.setToolPassive(TOOL_NAME[this.#primary], { removeAllBindings: left });
    if (this.#primary === 'crosshairs' && tool !== 'crosshairs') this.#group.setToolDisabled(CrosshairsTool.toolName);
    this.#primary = isEditTool(tool) ? null : tool;
    if (this.#primary) this.#group.setToolActive(TOOL_NAME[this.#primary], { bindings: left });
    this.#bindSecondaryButtons();
  }

  dispose(): void {
    ToolGroupManager.destroyToolGroup(GROUP_ID);
  }
}

/** For planes that are only looked at: the wheel turns slices, the buttons set the window, pan and zoom. */
export class LookingTools {
  readonly #group;

  constructor(
    private readonly groupId: string,
    viewportIds: readonly string[],
    renderingEngineId: string,
  ) {
    const group = ToolGroupManager.createToolGroup(groupId);
    if (!group) throw new Error(`tool group '${groupId}' exists already`);
    this.#group = group;
    for (const tool of [WindowLevelTool, PanTool, ZoomTool, StackScrollTool]) group.addTool(tool.toolName);
    for (const id of viewportIds) group.addViewport(id, renderingEngineId);
    group.setToolActive(StackScrollTool.toolName, { bindings: [{ mouseButton: Enums.MouseBindings.Wheel }] });
    this.select('windowLevel');
  }

  /** The left button pans or zooms where it does in the planes of the open case, else it sets the window. */
  select(tool: ViewerTool): void {
    const { Primary, Auxiliary, Secondary } = Enums.MouseBindings;
    const left = tool === 'pan' || tool === 'zoom' ? tool : 'windowLevel';
    for (const [name, own] of [
      ['windowLevel', null],
      ['pan', Auxiliary],
      ['zoom', Secondary],
    ] as const) {
      const buttons = [...(own === null ? [] : [own]), ...(left === name ? [Primary] : [])];
      this.#group.setToolPassive(TOOL_NAME[name], { removeAllBindings: true });
      if (buttons.length > 0) this.#group.setToolActive(TOOL_NAME[name], { bindings: buttons.map((mouseButton) => ({ mouseButton })) });
    }
  }

  dispose(): void {
    ToolGroupManager.destroyToolGroup(this.groupId);
  }
}

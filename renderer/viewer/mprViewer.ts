/**
 * Three planes through one case with an editable labelmap. The only object of the viewer that features talk to; they
 * speak in case words (grid, segments, millimetres) and never see Cornerstone.
 */
import { Enums as CoreEnums, RenderingEngine, cache, init as initCore, setVolumesForViewports } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { init as initTools, synchronizers, SynchronizerManager } from '@cornerstonejs/tools';
import type { Grid, Segment } from '../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, cacheCaseImage, dropCaseVolumes } from './caseVolume.ts';
import type { VoxelArray } from './caseVolume.ts';
import { EditTools } from './edit/editTools.ts';
import { DiffLayer } from './diffLayer.ts';
import { LabelmapLayer } from './edit/labelmapLayer.ts';
import type { LabelArray } from './labelSlots.ts';
import { MprTools, PLANES, registerTools } from './mprTools.ts';
import { isEditTool } from './edit/editSettings.ts';
import type { Plane, ViewerTool } from './mprTools.ts';
import { orientationLetters } from './orientationLetters.ts';
import { firstWindow } from './windowLevel.ts';
import type { GreyWindow } from './windowLevel.ts';

const ENGINE_ID = 'mpr';
const VOI_SYNC_ID = 'mpr-window';
const CACHE_BYTES = 6 * 2 ** 30;

export interface ViewerCase {
  readonly grid: Grid;
  readonly modality: string;
  readonly voxels: VoxelArray;
  /** The viewer's own: the brush may write into it. */
  readonly labels: LabelArray;
}

type ShownCase = Omit<ViewerCase, 'labels'>;

export interface CursorReading {
  readonly ijk: readonly [number, number, number];
  readonly positionLpsMm: readonly [number, number, number];
  readonly value: number;
  readonly labelValue: number;
}

export interface EdgeLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

let started = false;
function startCornerstone(): void {
  if (started) return;
  initCore();
  initTools();
  cache.setMaxCacheSize(CACHE_BYTES);
  registerTools();
  started = true;
}

const cross = (a: readonly number[], b: readonly number[]): number[] => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];
const opposite = (v: readonly number[]): number[] => v.map((value) => -value);

export class MprViewer {
  readonly #engine: RenderingEngine;
  readonly #tools: MprTools;
  readonly #labels: LabelmapLayer;
  /** Tools that change the mask. */
  readonly editing: EditTools;
  readonly #difference: DiffLayer;
  readonly #listeners: (() => void)[] = [];
  readonly #resize: ResizeObserver;
  #case: ShownCase | null = null;

  /** `edit`: the labelmap changed by hand. `history`: undo or redo may have become (im)possible. `cursor`: null when the pointer leaves. */
  constructor(
    elements: Readonly<Record<Plane, HTMLDivElement>>,
    private readonly on: { edit(): void; history(): void; cursor(reading: CursorReading | null): void; window(window: GreyWindow): void; slice(indexK: number | null): void },
  ) {
    startCornerstone();
    this.#engine = new RenderingEngine(ENGINE_ID);
    const { ViewportType, OrientationAxis } = CoreEnums;
    const orientation = { axial: OrientationAxis.AXIAL, sagittal: OrientationAxis.SAGITTAL, coronal: OrientationAxis.CORONAL };
    this.#engine.setViewports(
      PLANES.map((plane) => ({
        viewportId: plane,
        type: ViewportType.ORTHOGRAPHIC,
        element: elements[plane],
        defaultOptions: { orientation: orientation[plane], background: [0, 0, 0] as Types.Point3 },
      })),
    );
    this.#tools = new MprTools(ENGINE_ID);
    const sync = synchronizers.createVOISynchronizer(VOI_SYNC_ID, { syncInvertState: false, syncColormap: false });
    for (const plane of PLANES) {
      sync.add({ renderingEngineId: ENGINE_ID, viewportId: plane });
      this.#listenTo(elements[plane], 'mousemove', (event) => this.on.cursor(this.#readAt(plane, elements[plane], event)));
      this.#listenTo(elements[plane], 'mouseleave', () => this.on.cursor(null));
      this.#listenTo(elements[plane], 'contextmenu', (event) => event.preventDefault());
    }
    this.#labels = new LabelmapLayer(this.#engine, PLANES, this.on);
    this.editing = new EditTools(this.#labels, PLANES.map((plane) => ({ element: elements[plane], viewport: () => this.#viewport(plane) })));
    this.#difference = new DiffLayer(this.#engine, () => PLANES);
    const windowChanged = ((event: CustomEvent<{ range?: GreyWindow }>): void => {
      if (event.detail.range) this.on.window(event.detail.range);
    }) as EventListener;
    this.#listenTo(elements.axial, CoreEnums.Events.VOI_MODIFIED, windowChanged);
    this.#listenTo(elements.axial, CoreEnums.Events.CAMERA_MODIFIED, () => this.on.slice(this.#axialSliceK()));
    this.#resize = new ResizeObserver(() => this.#engine.resize(true, true));
    for (const plane of PLANES) this.#resize.observe(elements[plane]);
  }

  #listenTo<K extends string>(element: HTMLElement, type: K, listener: (event: K extends keyof HTMLElementEventMap ? HTMLElementEventMap[K] : Event) => void): void {
    element.addEventListener(type, listener as EventListener);
    this.#listeners.push(() => element.removeEventListener(type, listener as EventListener));
  }

  #viewport(plane: Plane): Types.IVolumeViewport {
    return this.#engine.getViewport(plane) as Types.IVolumeViewport;
  }

  /** Replaces whatever is shown. History starts anew. Resolves after the first picture of all three planes. */
  async show(viewerCase: ViewerCase, segments: readonly Segment[]): Promise<void> {
    this.clear();
    const { labels, ...shown } = viewerCase;
    this.#case = shown;
    cacheCaseImage(viewerCase.grid, viewerCase.modality, viewerCase.voxels);
    this.#labels.take(shown, labels, segments);
    await setVolumesForViewports(this.#engine, [{ volumeId: IMAGE_VOLUME_ID }], [...PLANES]);
    this.setWindow(firstWindow(viewerCase.modality, viewerCase.voxels));
    this.#labels.draw(segments);
    this.editing.show(shown);
    const drawn = PLANES.map(
      (plane) => new Promise<void>((done) => this.#viewport(plane).element.addEventListener(CoreEnums.Events.IMAGE_RENDERED, () => done(), { once: true })),
    );
    this.#engine.renderViewports([...PLANES]);
    await Promise.all(drawn);
  }

  /** New names, colours or labels for the labelmap that is shown. */
  setSegments(segments: readonly Segment[]): void {
    this.#labels.setSegments(segments);
  }
  setActiveSegment(labelValue: number): void {
    this.#labels.setActiveSegment(labelValue);
  }
  setSegmentVisible(labelValue: number, visible: boolean): void {
    this.#labels.setVisible(labelValue, visible);
  }
  /** 0 = outline only, 1 = opaque. */
  setOverlayOpacity(opacity: number): void {
    this.#labels.setOpacity(opacity);
  }
  get hasOutline(): boolean {
    return this.#labels.hasOutline;
  }
  setOutline(hasOutline: boolean): void {
    this.#labels.setOutline(hasOutline);
  }

  /** Over the outlines of the mask: 1 where a mask gained a voxel, 2 where it lost one, 3 where the label is another. `null`: the mask alone. */
  showDifference(voxels: Uint8Array<ArrayBuffer> | null): void {
    if (!this.#case) return;
    this.#labels.setUnderneath(voxels !== null);
    if (voxels) this.#difference.show(this.#case, voxels);
    else this.#difference.hide();
  }

  setTool(tool: ViewerTool): void {
    this.#tools.select(tool);
    this.editing.select(isEditTool(tool) ? tool : null);
    this.#engine.renderViewports([...PLANES]);
  }

  setWindow(window: GreyWindow): void {
    for (const plane of PLANES) this.#viewport(plane).setProperties({ voiRange: { ...window } });
    this.#engine.renderViewports([...PLANES]);
    this.on.window(window);
  }

  resetViews(): void {
    for (const plane of PLANES) this.#viewport(plane).resetCamera();
    this.#engine.renderViewports([...PLANES]);
  }

  undo(): void {
    this.#labels.undo();
  }
  redo(): void {
    this.#labels.redo();
  }
  get history(): { readonly undoName: string | null; readonly redoName: string | null } {
    return this.#labels.history;
  }

  /** A copy of the labelmap as it is painted. */
  copyLabels(): LabelArray | null {
    return this.#labels.copyLabels();
  }

  /** Letters of the patient sides at the edges of a plane. */
  edgeLetters(plane: Plane): EdgeLetters {
    const { viewUp = [0, -1, 0], viewPlaneNormal = [0, 0, -1] } = this.#viewport(plane).getCamera();
    const right = cross(viewUp, viewPlaneNormal);
    return {
      right: orientationLetters(right),
      left: orientationLetters(opposite(right)),
      top: orientationLetters(viewUp),
      bottom: orientationLetters(opposite(viewUp)),
    };
  }

  /** The slice of the stored grid that the axial plane shows in its middle; of an oblique grid the nearest one. */
  #axialSliceK(): number | null {
    const { focalPoint } = this.#viewport('axial').getCamera();
    if (!this.#case || !focalPoint) return null;
    const { originLpsMm, direction, spacingMm, dimsIjk } = this.#case.grid;
    const along = [0, 1, 2].reduce((sum, c) => sum + (focalPoint[c]! - originLpsMm[c]!) * direction[6 + c]!, 0);
    return Math.min(dimsIjk[2] - 1, Math.max(0, Math.round(along / spacingMm[2])));
  }

  #readAt(plane: Plane, element: HTMLElement, event: MouseEvent): CursorReading | null {
    if (!this.#case) return null;
    const { grid, voxels } = this.#case;
    const box = element.getBoundingClientRect();
    const world = this.#viewport(plane).canvasToWorld([event.clientX - box.left, event.clientY - box.top]);
    const ijk = [0, 1, 2].map((axis) => {
      const along = [0, 1, 2].reduce((sum, c) => sum + (world[c]! - grid.originLpsMm[c]!) * grid.direction[3 * axis + c]!, 0);
      return Math.round(along / grid.spacingMm[axis]!);
    });
    const [i, j, k] = ijk as [number, number, number];
    const [ni, nj, nk] = grid.dimsIjk;
    if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) return null;
    const index = i + ni * (j + nj * k);
    return { ijk: [i, j, k], positionLpsMm: [world[0], world[1], world[2]], value: voxels[index]!, labelValue: this.#labels.labelAt(index) };
  }

  /** Shows nothing and frees the memory of the case. */
  clear(): void {
    if (!this.#case) return;
    this.#case = null;
    this.editing.show(null);
    this.#labels.setUnderneath(false);
    this.#difference.hide();
    this.#labels.clear();
    for (const plane of PLANES) this.#viewport(plane).removeAllActors();
    dropCaseVolumes();
    this.#engine.renderViewports([...PLANES]);
  }

  dispose(): void {
    this.clear();
    this.editing.dispose();
    this.#labels.dispose();
    this.#resize.disconnect();
    for (const stop of this.#listeners) stop();
    SynchronizerManager.destroySynchronizer(VOI_SYNC_ID);
    this.#tools.dispose();
    this.#engine.destroy();
  }
}

/**
 * Three planes through one case with an editable labelmap. The only object of the viewer that features talk to; they
 * speak in case words (grid, segments, millimetres) and never see Cornerstone.
 */
import { Enums as CoreEnums, RenderingEngine, cache, eventTarget, init as initCore, setVolumesForViewports, utilities } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { Enums, init as initTools, segmentation, synchronizers, SynchronizerManager } from '@cornerstonejs/tools';
import type { Grid, Segment } from '../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, cacheCaseImage, cacheLabelmap, dropCaseVolumes } from './caseVolume.ts';
import type { VoxelArray } from './caseVolume.ts';
import { refineColorTables } from './colorTables.ts';
import { LabelSlots } from './labelSlots.ts';
import type { LabelArray } from './labelSlots.ts';
import { MprTools, PLANES, registerTools } from './mprTools.ts';
import type { Plane, ViewerTool } from './mprTools.ts';
import { orientationLetters } from './orientationLetters.ts';
import { firstWindow } from './windowLevel.ts';
import type { GreyWindow } from './windowLevel.ts';

const ENGINE_ID = 'mpr';
const VOI_SYNC_ID = 'mpr-window';
const CACHE_BYTES = 6 * 2 ** 30;
const LABELMAP = Enums.SegmentationRepresentations.Labelmap;
const { DefaultHistoryMemo } = utilities.HistoryMemo;

export interface ViewerCase {
  readonly grid: Grid;
  readonly modality: string;
  readonly voxels: VoxelArray;
  /** The viewer's own: the brush may write into it. */
  readonly labels: LabelArray;
}

type ShownCase = Omit<ViewerCase, 'labels'>;
const NO_LABELS = new LabelSlots(new Uint8Array(), []);

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
/** Setting the size is the only way to empty it. */
const forgetHistory = (): void => {
  DefaultHistoryMemo.size = DefaultHistoryMemo.size;
};
const opposite = (v: readonly number[]): number[] => v.map((value) => -value);

export class MprViewer {
  readonly #engine: RenderingEngine;
  readonly #tools: MprTools;
  readonly #listeners: (() => void)[] = [];
  readonly #resize: ResizeObserver;
  #case: ShownCase | null = null;
  #slots = NO_LABELS;
  #segments: readonly Segment[] = [];
  #hidden = new Set<number>();
  #opacity = 0.5;
  #segmentationId = '';
  #labelmapVolumeId = '';
  #loadCount = 0;
  /** A button was pressed on this labelmap since it was last shown. */
  #touched = false;

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
    this.#watchStrokes(elements);
    const windowChanged = ((event: CustomEvent<{ range?: GreyWindow }>): void => {
      if (event.detail.range) this.on.window(event.detail.range);
    }) as EventListener;
    this.#listenTo(elements.axial, CoreEnums.Events.VOI_MODIFIED, windowChanged);
    this.#listenTo(elements.axial, CoreEnums.Events.CAMERA_MODIFIED, () => this.on.slice(this.#axialSliceK()));
    this.#resize = new ResizeObserver(() => this.#engine.resize(true, true));
    for (const plane of PLANES) this.#resize.observe(elements[plane]);
  }

  /**
   * A labelmap is also "modified" while it is first shown; changes count as edits from the first press on. A stroke stands
   * in the history only after the release.
   */
  #watchStrokes(elements: Readonly<Record<Plane, HTMLDivElement>>): void {
    const onPress = (): void => {
      this.#touched = true;
    };
    const onModified = (): void => {
      if (this.#touched) this.on.edit();
    };
    const onRendered = (): void => this.#refineColors();
    const onRelease = (): void => void setTimeout(() => this.on.history(), 0);
    for (const plane of PLANES) elements[plane].addEventListener('mousedown', onPress, { capture: true });
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_DATA_MODIFIED, onModified);
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_RENDERED, onRendered);
    window.addEventListener('mouseup', onRelease);
    this.#listeners.push(() => {
      for (const plane of PLANES) elements[plane].removeEventListener('mousedown', onPress, { capture: true });
      eventTarget.removeEventListener(Enums.Events.SEGMENTATION_DATA_MODIFIED, onModified);
      eventTarget.removeEventListener(Enums.Events.SEGMENTATION_RENDERED, onRendered);
      window.removeEventListener('mouseup', onRelease);
    });
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
    this.#touched = false;
    cacheCaseImage(viewerCase.grid, viewerCase.modality, viewerCase.voxels);
    this.#takeLabels(shown, labels, segments);
    await setVolumesForViewports(this.#engine, [{ volumeId: IMAGE_VOLUME_ID }], [...PLANES]);
    this.setWindow(firstWindow(viewerCase.modality, viewerCase.voxels));
    this.#addLabelmap(segments);
    const drawn = PLANES.map(
      (plane) => new Promise<void>((done) => this.#viewport(plane).element.addEventListener(CoreEnums.Events.IMAGE_RENDERED, () => done(), { once: true })),
    );
    this.#engine.renderViewports([...PLANES]);
    await Promise.all(drawn);
  }

  #takeLabels({ grid, modality }: ShownCase, labels: LabelArray, segments: readonly Segment[]): void {
    this.#slots = new LabelSlots(labels, segments);
    this.#labelmapVolumeId = `case-labels-${++this.#loadCount}`;
    cacheLabelmap(this.#labelmapVolumeId, grid, modality, this.#slots.voxels);
  }

  #addLabelmap(segments: readonly Segment[]): void {
    this.#segmentationId = `labels-${++this.#loadCount}`;
    this.#segments = segments;
    const declared = segments.map(({ labelValue, name }, index) => {
      const segmentIndex = this.#slots.slotOf(labelValue)!;
      return [segmentIndex, { label: name, segmentIndex, active: index === 0, locked: false, cachedStats: {} }];
    });
    segmentation.addSegmentations([
      {
        segmentationId: this.#segmentationId,
        representation: { type: LABELMAP, data: { volumeId: this.#labelmapVolumeId, referencedVolumeId: IMAGE_VOLUME_ID } },
        config: { label: 'labels', segments: Object.fromEntries(declared) },
      },
    ]);
    const representation = [{ segmentationId: this.#segmentationId, type: LABELMAP }];
    segmentation.addLabelmapRepresentationToViewportMap(Object.fromEntries(PLANES.map((plane) => [plane, representation])));
    for (const plane of PLANES) segmentation.activeSegmentation.setActiveSegmentation(plane, this.#segmentationId);
    this.#applySegmentStyle();
  }

  /** The actors of a labelmap come some time after it. */
  #refineColors(): void {
    for (const plane of this.#case ? PLANES : []) {
      const viewport = this.#viewport(plane);
      if (refineColorTables(viewport.getActors(), this.#segmentationId, this.#segments.length)) viewport.render();
    }
  }

  #applySegmentStyle(): void {
    for (const plane of PLANES) {
      for (const { labelValue, colorRgb } of this.#segments) {
        const slot = this.#slots.slotOf(labelValue)!;
        segmentation.config.color.setSegmentIndexColor(plane, this.#segmentationId, slot, [...colorRgb, 255] as Types.Color);
        const specifier = { segmentationId: this.#segmentationId, type: LABELMAP };
        segmentation.config.visibility.setSegmentIndexVisibility(plane, specifier, slot, !this.#hidden.has(labelValue));
      }
    }
    segmentation.config.style.setStyle(
      { type: LABELMAP, segmentationId: this.#segmentationId },
      { renderFill: true, fillAlpha: this.#opacity, renderOutline: true, outlineWidth: 1, outlineOpacity: 1 },
    );
    this.#engine.renderViewports([...PLANES]);
  }

  /** New names, colours or labels for the labelmap that is shown. */
  setSegments(segments: readonly Segment[]): void {
    if (!this.#case) return;
    const known = new Set(this.#segments.map((s) => s.labelValue));
    if (segments.every((s) => known.has(s.labelValue))) {
      this.#segments = segments;
      this.#applySegmentStyle();
      return;
    }
    this.#touched = false;
    segmentation.removeSegmentation(this.#segmentationId);
    if (!this.#slots.makeRoom(segments)) {
      this.#takeLabels(this.#case, this.#slots.labels(), segments);
      forgetHistory(); // its strokes are those of the labelmap before
      this.on.history();
    }
    this.#addLabelmap(segments);
  }

  setActiveSegment(labelValue: number): void {
    const slot = this.#slots.slotOf(labelValue);
    if (this.#case && slot !== undefined) segmentation.segmentIndex.setActiveSegmentIndex(this.#segmentationId, slot);
  }

  setSegmentVisible(labelValue: number, visible: boolean): void {
    if (visible) this.#hidden.delete(labelValue);
    else this.#hidden.add(labelValue);
    if (this.#case) this.#applySegmentStyle();
  }

  /** 0 = outline only, 1 = opaque. */
  setOverlayOpacity(opacity: number): void {
    this.#opacity = opacity;
    if (this.#case) this.#applySegmentStyle();
  }

  setTool(tool: ViewerTool): void {
    this.#tools.select(tool);
    this.#engine.renderViewports([...PLANES]);
  }

  setBrushRadiusMm(radiusMm: number): void {
    this.#tools.setBrushRadiusMm(radiusMm);
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
    if (!DefaultHistoryMemo.canUndo) return;
    DefaultHistoryMemo.undo();
    this.on.edit();
    this.on.history();
  }
  redo(): void {
    if (!DefaultHistoryMemo.canRedo) return;
    DefaultHistoryMemo.redo();
    this.on.edit();
    this.on.history();
  }
  get history(): { readonly canUndo: boolean; readonly canRedo: boolean } {
    return { canUndo: DefaultHistoryMemo.canUndo, canRedo: DefaultHistoryMemo.canRedo };
  }

  /** A copy of the labelmap as it is painted. */
  copyLabels(): LabelArray | null {
    return this.#case && this.#slots.labels();
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
    return { ijk: [i, j, k], positionLpsMm: [world[0], world[1], world[2]], value: voxels[index]!, labelValue: this.#slots.valueOf(this.#slots.voxels[index]!) };
  }

  /** Shows nothing and frees the memory of the case. */
  clear(): void {
    if (!this.#case) return;
    this.#case = null;
    this.#slots = NO_LABELS;
    segmentation.removeAllSegmentations();
    segmentation.removeAllSegmentationRepresentations();
    forgetHistory();
    for (const plane of PLANES) this.#viewport(plane).removeAllActors();
    dropCaseVolumes();
    this.#engine.renderViewports([...PLANES]);
  }

  dispose(): void {
    this.clear();
    this.#resize.disconnect();
    for (const stop of this.#listeners) stop();
    SynchronizerManager.destroySynchronizer(VOI_SYNC_ID);
    this.#tools.dispose();
    this.#engine.destroy();
  }
}

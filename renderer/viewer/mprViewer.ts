/**
 * Three planes through one case with an editable labelmap. The only object of the viewer that features talk to; they
 * speak in case words (grid, segments, millimetres) and never see Cornerstone.
 */
import { Enums as CoreEnums, RenderingEngine, setVolumesForViewports } from '@cornerstonejs/core';
import type { Types } from '@cornerstonejs/core';
import { synchronizers, SynchronizerManager } from '@cornerstonejs/tools';
import type { Measurement } from '../../main/contract/measurements.ts';
import type { Grid, Segment } from '../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, cacheCaseImage, dropCaseVolumes } from './caseVolume.ts';
import { freeGraphicsOfTheDeleted } from './graphicsResources.ts';
import { liveVolumeChanged } from './liveVolume.ts';
import type { VoxelArray } from './voxelArray.ts';
import { EditTools } from './edit/editTools.ts';
import { toGridMm, voxelAt } from './edit/gridFrame.ts';
import { DiffLayer } from './diffLayer.ts';
import { LabelmapLayer } from './edit/labelmapLayer.ts';
import type { SliceDelta } from './edit/sliceDelta.ts';
import type { MaskChange } from './edit/strokeEntries.ts';
import { labelValuesIn } from './edit/strokeReplay.ts';
import type { LabelArray } from './labelSlots.ts';
import { MprTools, PLANES } from './mprTools.ts';
import { isEditTool } from './edit/editSettings.ts';
import type { Plane, ViewerTool } from './mprTools.ts';
import { MeasurementLayer } from './measurementLayer.ts';
import { OverlayLayer } from './overlayLayer.ts';
import type { PlaneFacts } from './planeFacts.ts';
import { PlaneViews } from './planeViews.ts';
import { BesideView } from './beside/besideView.ts';
import { drawWithProcessor } from './processorEngine.ts';
import { drawsByProcessor, startCornerstone } from './startCornerstone.ts';
import type { DrawWith } from './startCornerstone.ts';
import { ThreeDView } from './threeD/threeDView.ts';
import type { ShownMask, ThreeDEvents } from './threeD/threeDView.ts';
import { EDITED_SIDE } from './viewerSide.ts';
import { firstWindow, windowOfShares } from './windowLevel.ts';
import type { GreyWindow } from './windowLevel.ts';

const ENGINE_ID = 'mpr';
const VOI_SYNC_ID = 'mpr-window';

export interface ViewerCase {
  readonly grid: Grid;
  readonly modality: string;
  readonly voxels: VoxelArray;
  /** The viewer's own: the brush may write into it. */
  readonly labels: LabelArray;
  /** Those that `applyLabelValues` will bring. */
  readonly spareLabelValues?: readonly number[];
}

type ShownCase = Omit<ViewerCase, 'labels' | 'spareLabelValues'>;

export interface CursorReading {
  readonly ijk: readonly [number, number, number];
  readonly positionLpsMm: readonly [number, number, number];
  readonly value: number;
  readonly labelValue: number;
  /** Of what lies over the image. */
  readonly overlayValue: number | null;
}

export interface ViewerEvents {
  /** The labelmap changed by hand. */
  edit(change: MaskChange): void;
  /** A stroke goes on; what it changed so far. Without slices: it was given up. */
  unfinished(change: MaskChange): void;
  /** Undo or redo may have become (im)possible. */
  history(): void;
  /** `null` when the pointer leaves. */
  cursor(reading: CursorReading | null): void;
  window(window: GreyWindow): void;
  /** Along k of the stored grid. */
  slice(indexK: number | null): void;
  /** A plane shows another slice, or the same one otherwise. */
  plane(plane: Plane, facts: PlaneFacts | null): void;
  /** Drawn, moved, or with other values. */
  measured(measurement: Measurement): void;
  readonly threeD: ThreeDEvents;
}

export class MprViewer {
  readonly #engine: RenderingEngine;
  readonly #tools: MprTools;
  readonly #labels: LabelmapLayer;
  /** Tools that change the mask. */
  readonly editing: EditTools;
  readonly #difference: DiffLayer;
  /** Slices, directions and thickness. */
  readonly planes: PlaneViews;
  readonly measurements: MeasurementLayer;
  /** A second volume over the image. */
  readonly overlay: OverlayLayer;
  readonly threeD: ThreeDView;
  /** Another mask or case, for looking only. */
  readonly beside: BesideView;
  #window: GreyWindow | null = null;
  readonly #listeners: (() => void)[] = [];
  readonly #resize: ResizeObserver;
  #case: ShownCase | null = null;
  #showCount = 0;
  #isDisposed = false;

  constructor(
    elements: Readonly<Record<Plane, HTMLDivElement>>,
    private readonly on: ViewerEvents,
    drawWith: DrawWith,
  ) {
    startCornerstone(drawWith);
    this.#engine = new RenderingEngine(ENGINE_ID);
    if (drawsByProcessor(drawWith)) drawWithProcessor(ENGINE_ID);
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
    const changed =
      (tell: (change: MaskChange) => void) =>
      (change: MaskChange): void => {
        tell(change);
        const { slices, labelValues } = change;
        this.threeD.labelsChanged(labelValuesIn(slices).map((slot) => (labelValues ? (labelValues[slot] ?? 0) : slot)));
      };
    this.#labels = new LabelmapLayer(this.#engine, PLANES, { ...on, edit: changed(on.edit) });
    this.threeD = new ThreeDView(this.#engine, () => this.#shownMask(), on.threeD);
    this.editing = new EditTools(
      this.#labels,
      PLANES.map((plane) => ({ element: elements[plane], viewport: () => this.#viewport(plane) })),
    );
    this.#difference = new DiffLayer(this.#engine, () => PLANES);
    const byProcessor = drawsByProcessor(drawWith);
    this.planes = new PlaneViews(this.#engine, byProcessor, EDITED_SIDE);
    const open = { elements, planes: this.planes, imageVolumeId: () => IMAGE_VOLUME_ID, image: () => this.#case, window: () => this.#window };
    this.beside = new BesideView(this.#engine, byProcessor, open, () => this.#resizeSoon());
    this.measurements = new MeasurementLayer(this.#engine, (measurement) => this.on.measured(measurement));
    this.overlay = new OverlayLayer(this.#engine, () => PLANES);
    const windowChanged = ((event: CustomEvent<{ range?: GreyWindow; volumeId?: string }>): void => {
      const { range, volumeId } = event.detail;
      if (range && volumeId === IMAGE_VOLUME_ID) this.#tellWindow(range);
    }) as EventListener;
    this.#listenTo(elements.axial, CoreEnums.Events.VOI_MODIFIED, windowChanged);
    for (const plane of PLANES) this.#listenTo(elements[plane], CoreEnums.Events.CAMERA_MODIFIED, () => this.#tellFacts(plane));
    this.#resize = new ResizeObserver(() => this.#resizeSoon());
    for (const plane of PLANES) this.#resize.observe(elements[plane]);
  }

  #resizeSoon(): void {
    this.#fitSizes();
    // Cornerstone resizes nothing while a picture is due
    requestAnimationFrame(() => this.#isDisposed || this.#fitSizes());
  }
  #fitSizes(): void {
    const sides = [this.planes, ...this.beside.shownPlanes].map((planes) => ({ planes, fitting: planes.fitting() }));
    this.#engine.resize(true, true);
    for (const { planes, fitting } of sides) planes.fit(fitting);
    this.threeD.fit();
    for (const plane of PLANES) this.#tellFacts(plane);
  }

  #shownMask(): ShownMask | null {
    if (!this.#case) return null;
    return { grid: this.#case.grid, segments: this.#labels.seenSegments, copyLabels: () => this.#labels.copyLabels()! };
  }

  #listenTo<K extends string>(
    element: HTMLElement,
    type: K,
    listener: (event: K extends keyof HTMLElementEventMap ? HTMLElementEventMap[K] : Event) => void,
  ): void {
    element.addEventListener(type, listener as EventListener);
    this.#listeners.push(() => element.removeEventListener(type, listener as EventListener));
  }

  /** How often a case was put in place of what was shown. */
  get showCount(): number {
    return this.#showCount;
  }

  #tellFacts(plane: Plane): void {
    this.on.plane(plane, this.#case && this.planes.facts(plane));
    if (plane === 'axial') this.on.slice(this.#axialSliceK());
  }

  #viewport(plane: Plane): Types.IVolumeViewport {
    return this.#engine.getViewport(plane) as Types.IVolumeViewport;
  }

  /** Replaces whatever is shown. History starts anew. Resolves after the first picture of all three planes. */
  async show(viewerCase: ViewerCase, segments: readonly Segment[]): Promise<void> {
    this.clear();
    const { labels, spareLabelValues, ...shown } = viewerCase;
    this.#case = shown;
    this.#showCount++;
    cacheCaseImage(viewerCase.grid, viewerCase.modality, viewerCase.voxels);
    this.#labels.take(shown, labels, segments, spareLabelValues);
    await setVolumesForViewports(this.#engine, [{ volumeId: IMAGE_VOLUME_ID }], [...PLANES]);
    this.planes.applyToNewVolume();
    this.setWindow(firstWindow(viewerCase.modality, viewerCase.voxels));
    this.#labels.draw(segments);
    this.editing.show(shown);
    const drawn = PLANES.map(
      (plane) => new Promise<void>((done) => this.#viewport(plane).element.addEventListener(CoreEnums.Events.IMAGE_RENDERED, () => done(), { once: true })),
    );
    this.#engine.renderViewports([...PLANES]);
    await Promise.all(drawn);
    for (const plane of PLANES) {
      freeGraphicsOfTheDeleted(this.#viewport(plane));
      this.#tellFacts(plane);
    }
    this.threeD.caseShown();
  }

  /** By the values of the image: the 1st to the 99th percentile. */
  windowByValues(): void {
    if (this.#case) this.setWindow(windowOfShares(this.#case.voxels, 0.01, 0.99));
  }

  /** In place of the voxels that are shown: another channel of the same case. `keepsWindow`: chosen for it already. */
  replaceVoxels(modality: string, voxels: VoxelArray, keepsWindow = false): void {
    if (!this.#case) return;
    // into the same array, so that whatever reads grey values goes on with those that are seen
    this.#case.voxels.set(voxels);
    liveVolumeChanged(IMAGE_VOLUME_ID);
    this.beside.imageChanged();
    if (!keepsWindow) this.setWindow(firstWindow(modality, voxels));
    this.measurements.measureAgain();
  }

  /** New names, colours or labels for the labelmap that is shown. */
  setSegments(segments: readonly Segment[]): void {
    this.#labels.setSegments(segments);
    this.threeD.segmentsChanged();
  }
  setActiveSegment(labelValue: number): void {
    this.#labels.setActiveSegment(labelValue);
  }
  setSegmentVisible(labelValue: number, visible: boolean): void {
    this.#labels.setVisible(labelValue, visible);
    this.threeD.segmentsChanged();
  }
  /** 0 = outline only, 1 = opaque. */
  setOverlayOpacity(opacity: number): void {
    this.#labels.setOpacity(opacity);
  }
  get isMaskShown(): boolean {
    return this.#labels.isShown;
  }
  /** Without its outlines too; a new opacity above 0 shows it again. */
  setMaskShown(isShown: boolean): void {
    this.#labels.setShown(isShown);
    this.threeD.segmentsChanged();
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
    this.beside.setTool(tool);
    this.editing.select(isEditTool(tool) ? tool : null);
    this.#engine.renderViewports([...PLANES]);
  }

  setWindow(window: GreyWindow): void {
    this.planes.setWindow(window);
    this.#tellWindow(window);
  }
  #tellWindow(window: GreyWindow): void {
    this.#window = window;
    this.on.window(window);
  }

  /** One step of the history, in label values. */
  applyLabelValues(name: string, slices: readonly SliceDelta[]): void {
    this.#labels.applyLabelValues(name, slices);
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

  /** The slice of the stored grid that the axial plane shows in its middle; of an oblique grid the nearest one. */
  #axialSliceK(): number | null {
    const { focalPoint } = this.#viewport('axial').getCamera();
    if (!this.#case || !focalPoint) return null;
    const { grid } = this.#case;
    return Math.min(grid.dimsIjk[2] - 1, Math.max(0, Math.round(toGridMm(grid, focalPoint)[2] / grid.spacingMm[2])));
  }

  #readAt(plane: Plane, element: HTMLElement, event: MouseEvent): CursorReading | null {
    if (!this.#case) return null;
    const { grid, voxels } = this.#case;
    const box = element.getBoundingClientRect();
    const world = this.#viewport(plane).canvasToWorld([event.clientX - box.left, event.clientY - box.top]);
    const ijk = voxelAt(toGridMm(grid, world), grid.dimsIjk, grid.spacingMm);
    if (!ijk) return null;
    const [i, j, k] = ijk;
    const [ni, nj] = grid.dimsIjk;
    const index = i + ni * (j + nj * k);
    return {
      ijk,
      positionLpsMm: [world[0], world[1], world[2]],
      value: voxels[index]!,
      labelValue: this.#labels.labelAt(index),
      overlayValue: this.overlay.valueAt(index),
    };
  }

  /** Shows nothing and frees the memory of the case. */
  clear(): void {
    if (!this.#case) return;
    this.#case = null;
    this.beside.clear();
    this.threeD.caseGone();
    this.editing.show(null);
    this.measurements.clear();
    this.#labels.setUnderneath(false);
    this.#difference.hide();
    this.#labels.clear();
    this.overlay.hide();
    for (const plane of PLANES) {
      const viewport = this.#viewport(plane);
      viewport.removeActors(viewport.getActors().map(({ uid }) => uid)); // viewports for processors cannot remove all at once
    }
    dropCaseVolumes();
    this.#engine.renderViewports([...PLANES]);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.clear();
    this.threeD.close();
    this.beside.close();
    this.editing.dispose();
    this.measurements.dispose();
    this.#labels.dispose();
    this.#resize.disconnect();
    for (const stop of this.#listeners) stop();
    SynchronizerManager.destroySynchronizer(VOI_SYNC_ID);
    this.#tools.dispose();
    this.#engine.destroy();
  }
}

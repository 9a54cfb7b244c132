/** The mask of the case that is shown: its voxels, its drawing in every viewport, and the history of its edits. */
import { eventTarget, utilities } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import type { Grid, Segment } from '../../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, cacheLabelmap } from '../caseVolume.ts';
import { refineColorTables } from '../colorTables.ts';
import { LabelSlots } from '../labelSlots.ts';
import type { LabelArray } from '../labelSlots.ts';

const LABELMAP = Enums.SegmentationRepresentations.Labelmap;
const NO_LABELS = new LabelSlots(new Uint8Array(), []);
const { DefaultHistoryMemo } = utilities.HistoryMemo;

/** What a labelmap needs to know of its image. */
export interface LabelledImage {
  readonly grid: Grid;
  readonly modality: string;
}

/** Setting the size is the only way to empty it. */
const forgetHistory = (): void => {
  DefaultHistoryMemo.size = DefaultHistoryMemo.size;
};

export class LabelmapLayer {
  #image: LabelledImage | null = null;
  #slots = NO_LABELS;
  #segments: readonly Segment[] = [];
  #hidden = new Set<number>();
  #opacity = 0.5;
  #segmentationId = '';
  #volumeId = '';
  #loadCount = 0;
  /** A button was pressed on this labelmap since it was last shown. */
  #touched = false;

  /** `edit`: changed by hand. `history`: undo or redo may have become (im)possible. */
  constructor(
    private readonly engine: RenderingEngine,
    private readonly viewportIds: readonly string[],
    private readonly on: { edit(): void; history(): void },
  ) {}

  /**
   * A labelmap is also "modified" while it is first shown; changes count as edits from the first press on. A stroke stands
   * in the history only after the release. Returns what ends it.
   */
  watchStrokes(elements: readonly HTMLElement[]): () => void {
    const onPress = (): void => {
      this.#touched = true;
    };
    const onModified = (): void => {
      if (this.#touched) this.on.edit();
    };
    const onRendered = (): void => this.#refineColors();
    const onRelease = (): void => void setTimeout(() => this.on.history(), 0);
    for (const element of elements) element.addEventListener('mousedown', onPress, { capture: true });
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_DATA_MODIFIED, onModified);
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_RENDERED, onRendered);
    window.addEventListener('mouseup', onRelease);
    return () => {
      for (const element of elements) element.removeEventListener('mousedown', onPress, { capture: true });
      eventTarget.removeEventListener(Enums.Events.SEGMENTATION_DATA_MODIFIED, onModified);
      eventTarget.removeEventListener(Enums.Events.SEGMENTATION_RENDERED, onRendered);
      window.removeEventListener('mouseup', onRelease);
    };
  }

  /** Takes `labels` over, on the image in the cache. Not drawn before `draw`. */
  take(image: LabelledImage, labels: LabelArray, segments: readonly Segment[]): void {
    this.#image = image;
    this.#touched = false;
    this.#takeLabels(image, labels, segments);
  }

  #takeLabels(image: LabelledImage, labels: LabelArray, segments: readonly Segment[]): void {
    this.#slots = new LabelSlots(labels, segments);
    this.#volumeId = `case-labels-${++this.#loadCount}`;
    cacheLabelmap(this.#volumeId, image.grid, image.modality, this.#slots.voxels);
  }

  /** After the image is in the viewports. */
  draw(segments: readonly Segment[]): void {
    this.#segmentationId = `labels-${++this.#loadCount}`;
    this.#segments = segments;
    const declared = segments.map(({ labelValue, name }, index) => {
      const segmentIndex = this.#slots.slotOf(labelValue)!;
      return [segmentIndex, { label: name, segmentIndex, active: index === 0, locked: false, cachedStats: {} }];
    });
    segmentation.addSegmentations([
      {
        segmentationId: this.#segmentationId,
        representation: { type: LABELMAP, data: { volumeId: this.#volumeId, referencedVolumeId: IMAGE_VOLUME_ID } },
        config: { label: 'labels', segments: Object.fromEntries(declared) },
      },
    ]);
    const representation = [{ segmentationId: this.#segmentationId, type: LABELMAP }];
    segmentation.addLabelmapRepresentationToViewportMap(Object.fromEntries(this.viewportIds.map((id) => [id, representation])));
    for (const id of this.viewportIds) segmentation.activeSegmentation.setActiveSegmentation(id, this.#segmentationId);
    this.#applyStyle();
  }

  /** The actors of a labelmap come some time after it. */
  #refineColors(): void {
    for (const id of this.#image ? this.viewportIds : []) {
      const viewport = this.engine.getViewport(id);
      if (refineColorTables(viewport.getActors(), this.#segmentationId, this.#segments.length)) viewport.render();
    }
  }

  #applyStyle(): void {
    for (const id of this.viewportIds) {
      for (const { labelValue, colorRgb } of this.#segments) {
        const slot = this.#slots.slotOf(labelValue)!;
        segmentation.config.color.setSegmentIndexColor(id, this.#segmentationId, slot, [...colorRgb, 255] as Types.Color);
        const specifier = { segmentationId: this.#segmentationId, type: LABELMAP };
        segmentation.config.visibility.setSegmentIndexVisibility(id, specifier, slot, !this.#hidden.has(labelValue));
      }
    }
    segmentation.config.style.setStyle(
      { type: LABELMAP, segmentationId: this.#segmentationId },
      { renderFill: true, fillAlpha: this.#opacity, renderOutline: true, outlineWidth: 1, outlineOpacity: 1 },
    );
    this.engine.renderViewports([...this.viewportIds]);
  }

  /** New names, colours or labels for the labelmap that is shown. */
  setSegments(segments: readonly Segment[]): void {
    if (!this.#image) return;
    const known = new Set(this.#segments.map((s) => s.labelValue));
    if (segments.every((s) => known.has(s.labelValue))) {
      this.#segments = segments;
      this.#applyStyle();
      return;
    }
    this.#touched = false;
    segmentation.removeSegmentation(this.#segmentationId);
    if (!this.#slots.makeRoom(segments)) {
      this.#takeLabels(this.#image, this.#slots.labels(), segments);
      forgetHistory(); // its strokes are those of the labelmap before
      this.on.history();
    }
    this.draw(segments);
  }

  setActiveSegment(labelValue: number): void {
    const slot = this.#slots.slotOf(labelValue);
    if (this.#image && slot !== undefined) segmentation.segmentIndex.setActiveSegmentIndex(this.#segmentationId, slot);
  }

  setVisible(labelValue: number, visible: boolean): void {
    if (visible) this.#hidden.delete(labelValue);
    else this.#hidden.add(labelValue);
    if (this.#image) this.#applyStyle();
  }

  /** 0 = outline only, 1 = opaque. */
  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    if (this.#image) this.#applyStyle();
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

  /** A copy as it is painted. */
  copyLabels(): LabelArray | null {
    return this.#image && this.#slots.labels();
  }

  labelAt(voxelIndex: number): number {
    return this.#slots.valueOf(this.#slots.voxels[voxelIndex]!);
  }

  /** Before the volumes are dropped from the cache. */
  clear(): void {
    this.#image = null;
    this.#slots = NO_LABELS;
    segmentation.removeAllSegmentations();
    segmentation.removeAllSegmentationRepresentations();
    forgetHistory();
  }
}

/** The mask of the case that is shown: its voxels, its drawing in every viewport, and the history of its edits. */
import { eventTarget } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import type { Grid, Segment } from '../../../main/contract/vocabulary.ts';
import { IMAGE_VOLUME_ID, cacheLabelmap } from '../caseVolume.ts';
import type { VoxelArray } from '../voxelArray.ts';
import { refineColorTables } from '../colorTables.ts';
import { LabelSlots } from '../labelSlots.ts';
import type { LabelArray } from '../labelSlots.ts';
import { EditHistory } from './editHistory.ts';
import { MaskEditor } from './maskEditor.ts';
import { erasable, paintable } from './paintRules.ts';
import type { PaintOver } from './paintRules.ts';
import { renumbered } from './sliceDelta.ts';
import type { SliceDelta } from './sliceDelta.ts';
import type { MaskChange } from './strokeEntries.ts';

const LABELMAP = Enums.SegmentationRepresentations.Labelmap;
/** Half of the two seconds that a journal may be behind. */
const UNFINISHED_AFTER_MS = 1000;
const NO_LABELS = new LabelSlots(new Uint8Array(), []);
const NO_EDITOR = new MaskEditor(NO_LABELS.voxels, [0, 0, 0], null);

/** What a labelmap needs to know of its image. */
export interface LabelledImage {
  readonly grid: Grid;
  readonly modality: string;
  readonly voxels: VoxelArray;
}

/** Label values of steps have their places too, or they could not come back. */
const legendWith = (segments: readonly Segment[], labelValues: Iterable<number>): { labelValue: number }[] => [
  ...segments,
  ...[...labelValues].filter((value) => value !== 0).map((labelValue) => ({ labelValue })),
];

export class LabelmapLayer {
  #image: LabelledImage | null = null;
  #slots = NO_LABELS;
  #segments: readonly Segment[] = [];
  #hidden = new Set<number>();
  #opacity = 0.5;
  #hasOutline = true;
  #isShown = true;
  /** Outlines only, whatever the opacity: something else is drawn over it. */
  #isUnderneath = false;
  #segmentationId = '';
  #volumeId = '';
  #loadCount = 0;
  #active = 0;
  #locked: ReadonlySet<number> = new Set();
  #over: PaintOver = 'everything';
  #editor = NO_EDITOR;
  readonly #history = new EditHistory();
  #tables: { paintable: Uint8Array; erasable: Uint8Array } | null = null;
  #isDrawingDue = false;
  #version = 0;
  #unfinishedTimer: ReturnType<typeof setTimeout> | null = null;
  #toldUnfinished = false;
  readonly #onRendered = (): void => this.#refineColors();

  /** `edit`: changed by hand. `unfinished`: a stroke goes on. `history`: undo or redo may have become (im)possible. */
  constructor(
    private readonly engine: RenderingEngine,
    private readonly viewportIds: readonly string[],
    private readonly on: { edit(change: MaskChange): void; unfinished(change: MaskChange): void; history(): void },
  ) {
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_RENDERED, this.#onRendered);
  }

  dispose(): void {
    if (this.#unfinishedTimer) clearTimeout(this.#unfinishedTimer);
    eventTarget.removeEventListener(Enums.Events.SEGMENTATION_RENDERED, this.#onRendered);
  }

  /** Takes `labels` over, on the image in the cache. Not drawn before `draw`. `spareLabelValues` will have a place in it too. */
  take(image: LabelledImage, labels: LabelArray, segments: readonly Segment[], spareLabelValues: readonly number[] = []): void {
    this.#image = image;
    this.#history.clear();
    this.#takeLabels(image, labels, segments, spareLabelValues);
  }

  #takeLabels(image: LabelledImage, labels: LabelArray, segments: readonly Segment[], spareLabelValues: readonly number[] = []): void {
    const before = this.#slots;
    this.#slots = new LabelSlots(labels, legendWith(segments, [...spareLabelValues, ...[...this.#history.labels()].map((slot) => before.valueOf(slot))]));
    this.#history.renumber((slot) => this.#slots.slotOf(before.valueOf(slot)) ?? 0);
    this.#editor = new MaskEditor(this.#slots.voxels, image.grid.dimsIjk, image.voxels);
    this.#tables = null;
    this.#version++;
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
        segmentation.config.visibility.setSegmentIndexVisibility(id, specifier, slot, this.#isShown && !this.#hidden.has(labelValue));
      }
    }
    segmentation.config.style.setStyle(
      { type: LABELMAP, segmentationId: this.#segmentationId },
      {
        renderFill: true,
        fillAlpha: this.#isUnderneath ? 0 : this.#opacity,
        renderOutline: this.#hasOutline || this.#isUnderneath,
        outlineWidth: 1,
        outlineOpacity: 1,
      },
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
    this.commit('Edit'); // a stroke that is not finished
    segmentation.removeSegmentation(this.#segmentationId);
    if (!this.#slots.makeRoom(segments)) this.#takeLabels(this.#image, this.#slots.labels(), segments);
    this.#tables = null;
    this.draw(segments);
  }

  setActiveSegment(labelValue: number): void {
    this.#active = labelValue;
    this.#tables = null;
    const slot = this.#slots.slotOf(labelValue);
    if (this.#image && slot !== undefined) segmentation.segmentIndex.setActiveSegmentIndex(this.#segmentationId, slot);
  }

  setVisible(labelValue: number, visible: boolean): void {
    if (visible) this.#hidden.delete(labelValue);
    else this.#hidden.add(labelValue);
    this.#tables = null;
    if (this.#image) this.#applyStyle();
  }

  /** 0 = outline only, 1 = opaque. */
  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    if (opacity > 0) this.#isShown = true;
    if (this.#image) this.#applyStyle();
  }

  get isShown(): boolean {
    return this.#isShown;
  }
  /** Those that are drawn. */
  get seenSegments(): readonly Segment[] {
    return this.#isShown ? this.#segments.filter(({ labelValue }) => !this.#hidden.has(labelValue)) : [];
  }
  setShown(isShown: boolean): void {
    this.#isShown = isShown;
    if (this.#image) this.#applyStyle();
  }
  setUnderneath(isUnderneath: boolean): void {
    this.#isUnderneath = isUnderneath;
    if (this.#image) this.#applyStyle();
  }
  get hasOutline(): boolean {
    return this.#hasOutline;
  }
  setOutline(hasOutline: boolean): void {
    this.#hasOutline = hasOutline;
    if (this.#image) this.#applyStyle();
  }

  /** Label values that no tool changes, and what is painted over. */
  setPaintRules(over: PaintOver, locked: ReadonlySet<number>): void {
    this.#over = over;
    this.#locked = locked;
    this.#tables = null;
  }
  #changeable(): { paintable: Uint8Array; erasable: Uint8Array } {
    const rules = { over: this.#over, locked: this.#locked, hidden: this.#hidden };
    const valueOf = (slot: number): number => this.#slots.valueOf(slot);
    return (this.#tables ??= { paintable: paintable(rules, this.#active, valueOf), erasable: erasable(rules, this.#active, valueOf) });
  }
  /** By slot: where the active segment may be painted. */
  get paintable(): Uint8Array {
    return this.#changeable().paintable;
  }
  get erasable(): Uint8Array {
    return this.#changeable().erasable;
  }
  get activeLabel(): number {
    return this.#active;
  }
  /** Undefined when there is nothing to paint. */
  get activeSlot(): number | undefined {
    return this.#segments.some(({ labelValue }) => labelValue === this.#active) ? this.#slots.slotOf(this.#active) : undefined;
  }
  /** Another number whenever the mask is another. */
  get version(): number {
    return this.#version;
  }
  slotOf(labelValue: number): number | undefined {
    return this.#slots.slotOf(labelValue);
  }
  get editor(): MaskEditor {
    return this.#editor;
  }
  get colorOfActive(): readonly [number, number, number] {
    return this.#segments.find(({ labelValue }) => labelValue === this.#active)?.colorRgb ?? [255, 255, 255];
  }

  /** Draws what the editor touched, once for each picture of the screen. */
  drawChanges(): void {
    this.#tellUnfinishedLater();
    if (this.#isDrawingDue) return;
    this.#isDrawingDue = true;
    requestAnimationFrame(() => {
      this.#isDrawingDue = false;
      const slices = this.#editor.takeFresh();
      if (this.#image && slices.length > 0) segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(this.#segmentationId, slices);
    });
  }

  /** Ends a step; one that changed nothing is none. Number of changed slices. */
  commit(name: string): number {
    return this.#record(name, this.#editor.commit());
  }
  rollback(): void {
    this.#editor.rollback();
    this.#forgetUnfinished();
    this.drawChanges();
  }
  /** What was changed in a copy of the mask as it is now. */
  applyStep(name: string, slices: readonly SliceDelta[]): number {
    this.#editor.apply(slices);
    return this.#record(name, slices);
  }
  /** The same in label values, all of which have places (`take`). */
  applyLabelValues(name: string, slices: readonly SliceDelta[]): number {
    const placed = this.#slots.values() ? slices.map((delta) => renumbered(delta, (value) => this.#slots.slotOf(value)!)) : slices;
    return this.applyStep(name, placed);
  }
  #record(name: string, slices: readonly SliceDelta[]): number {
    if (slices.length > 0) {
      this.#toldUnfinished = false; // this stands in its place
      this.#history.push({ name, slices });
      this.#version++;
      this.on.edit({ kind: 'step', name, way: 'after', labelValues: this.#slots.values(), slices });
      this.on.history();
    } else this.#forgetUnfinished();
    this.drawChanges();
    return slices.length;
  }

  undo(): void {
    this.#travel('undo');
  }
  redo(): void {
    this.#travel('redo');
  }
  #travel(way: 'undo' | 'redo'): void {
    this.#editor.rollback();
    this.#forgetUnfinished();
    const [columns = 0, rows = 0] = this.#image?.grid.dimsIjk ?? [];
    const step = this.#history[way](this.#slots.voxels, columns * rows);
    if (!step) return;
    this.#version++;
    this.#editor.markFresh(step.slices.map(({ k }) => k));
    this.drawChanges();
    this.on.edit({ kind: 'step', name: step.name, way: way === 'undo' ? 'before' : 'after', labelValues: this.#slots.values(), slices: step.slices });
    this.on.history();
  }

  /** A long stroke is told while it goes on, so that a crash costs no more of it than this. */
  #tellUnfinishedLater(): void {
    this.#unfinishedTimer ??= setTimeout(() => {
      this.#unfinishedTimer = null;
      const slices = this.#editor.uncommitted();
      if (slices.length === 0) return;
      this.#toldUnfinished = true;
      this.on.unfinished({ kind: 'unfinished', labelValues: this.#slots.values(), slices });
    }, UNFINISHED_AFTER_MS);
  }
  /** The stroke that was told came to nothing. */
  #forgetUnfinished(): void {
    if (!this.#toldUnfinished) return;
    this.#toldUnfinished = false;
    this.on.unfinished({ kind: 'unfinished', labelValues: null, slices: [] });
  }
  /** Names of the steps that undo and redo would take; null when there is none. */
  get history(): { readonly undoName: string | null; readonly redoName: string | null } {
    return { undoName: this.#history.undoName, redoName: this.#history.redoName };
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
    this.#toldUnfinished = false;
    this.#slots = NO_LABELS;
    segmentation.removeAllSegmentations();
    segmentation.removeAllSegmentationRepresentations();
    this.#editor = NO_EDITOR;
    this.#history.clear();
  }
}

/** A mask that is only looked at: no tool, no history, no events, so nothing can be painted into it. */
import { cache, eventTarget } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import type { Segment } from '../../../main/contract/vocabulary.ts';
import { cacheLabelmap, dropVolume } from '../caseVolume.ts';
import { refineColorTables } from '../colorTables.ts';
import type { LabelledImage } from '../edit/labelmapLayer.ts';
import { LabelSlots } from '../labelSlots.ts';
import type { LabelArray } from '../labelSlots.ts';

const LABELMAP = Enums.SegmentationRepresentations.Labelmap;

export interface MaskLook {
  readonly segments: readonly Segment[];
  /** Label values. */
  readonly hidden: ReadonlySet<number>;
  readonly opacity: number;
}

export class LookedAtMask {
  #slots: LabelSlots | null = null;
  #segmentationId = '';
  #volumeId = '';
  #look: MaskLook = { segments: [], hidden: new Set(), opacity: 0.5 };
  #count = 0;
  readonly #onRendered = (): void => this.#refineColors();

  constructor(
    private readonly engine: RenderingEngine,
    private readonly viewportIds: readonly string[],
  ) {
    eventTarget.addEventListener(Enums.Events.SEGMENTATION_RENDERED, this.#onRendered);
  }

  dispose(): void {
    this.hide();
    eventTarget.removeEventListener(Enums.Events.SEGMENTATION_RENDERED, this.#onRendered);
  }

  /** Over the image in the cache, which is in the viewports by now. */
  show({ grid, modality }: Omit<LabelledImage, 'voxels'>, imageVolumeId: string, labels: LabelArray, look: MaskLook): void {
    this.hide();
    const number = ++this.#count;
    this.#volumeId = `beside-labels-${number}`;
    this.#segmentationId = `beside-${number}`;
    this.#slots = new LabelSlots(labels, look.segments);
    cacheLabelmap(this.#volumeId, grid, modality, this.#slots.voxels, imageVolumeId);
    const declared = look.segments.map(({ labelValue, name }) => {
      const segmentIndex = this.#slots!.slotOf(labelValue)!;
      return [segmentIndex, { label: name, segmentIndex, active: false, locked: true, cachedStats: {} }];
    });
    segmentation.addSegmentations([
      {
        segmentationId: this.#segmentationId,
        representation: { type: LABELMAP, data: { volumeId: this.#volumeId, referencedVolumeId: imageVolumeId } },
        config: { label: 'beside', segments: Object.fromEntries(declared) },
      },
    ]);
    const representation = [{ segmentationId: this.#segmentationId, type: LABELMAP }];
    segmentation.addLabelmapRepresentationToViewportMap(Object.fromEntries(this.viewportIds.map((id) => [id, representation])));
    this.setLook(look);
  }

  setLook(look: MaskLook): void {
    this.#look = look;
    if (!this.#slots) return;
    for (const id of this.viewportIds) {
      for (const { labelValue, colorRgb } of look.segments) {
        const slot = this.#slots.slotOf(labelValue);
        if (slot === undefined) continue; // came to the legend since
        segmentation.config.color.setSegmentIndexColor(id, this.#segmentationId, slot, [...colorRgb, 255] as Types.Color);
        segmentation.config.visibility.setSegmentIndexVisibility(
          id,
          { segmentationId: this.#segmentationId, type: LABELMAP },
          slot,
          !look.hidden.has(labelValue),
        );
      }
    }
    segmentation.config.style.setStyle(
      { type: LABELMAP, segmentationId: this.#segmentationId },
      { renderFill: true, fillAlpha: look.opacity, renderOutline: true, outlineWidth: 1, outlineOpacity: 1 },
    );
    this.engine.renderViewports([...this.viewportIds]);
  }

  #refineColors(): void {
    for (const id of this.#slots ? this.viewportIds : []) {
      const viewport = this.engine.getViewport(id) as Types.IVolumeViewport | undefined;
      if (viewport && refineColorTables(viewport.getActors(), this.#segmentationId, this.#look.segments.length)) viewport.render();
    }
  }

  labelAt(voxelIndex: number): number {
    return this.#slots ? this.#slots.valueOf(this.#slots.voxels[voxelIndex]!) : 0;
  }

  hide(): void {
    if (!this.#slots) return;
    this.#slots = null;
    segmentation.removeSegmentation(this.#segmentationId);
    if (cache.getVolume(this.#volumeId)) dropVolume(this.#volumeId);
  }
}

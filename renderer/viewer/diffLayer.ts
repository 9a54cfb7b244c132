/** Where two masks differ, in colours of its own over the mask. It cannot be painted on. */
import { cache } from '@cornerstonejs/core';
import type { RenderingEngine, Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import { IMAGE_VOLUME_ID, cacheLabelmap, dropVolume } from './caseVolume.ts';
import type { LabelledImage } from './edit/labelmapLayer.ts';

const LABELMAP = Enums.SegmentationRepresentations.Labelmap;
/** Added, removed, changed: told apart by colour-blind people too (Okabe and Ito). */
export const DIFF_COLORS: readonly (readonly [number, number, number])[] = [
  [86, 180, 233],
  [230, 159, 0],
  [224, 110, 180],
];
const FILL = 0.7;

export class DiffLayer {
  #segmentationId: string | null = null;
  #volumeId = '';
  #count = 0;

  constructor(
    private readonly engine: RenderingEngine,
    private readonly viewportIds: () => readonly string[],
  ) {}

  /** 1, 2 and 3 in `voxels` are drawn in the three colours. What is being edited stays what it is. */
  show(image: LabelledImage, voxels: Uint8Array<ArrayBuffer>): void {
    this.hide();
    const number = ++this.#count;
    this.#volumeId = `case-difference-${number}`;
    this.#segmentationId = `difference-${number}`;
    cacheLabelmap(this.#volumeId, image.grid, image.modality, voxels);
    const segments = DIFF_COLORS.map((_, n) => [n + 1, { label: `difference ${n + 1}`, segmentIndex: n + 1, active: false, locked: true, cachedStats: {} }]);
    const ids = this.viewportIds();
    const edited = new Map(ids.map((id) => [id, segmentation.activeSegmentation.getActiveSegmentation(id)?.segmentationId]));
    segmentation.addSegmentations([
      {
        segmentationId: this.#segmentationId,
        representation: { type: LABELMAP, data: { volumeId: this.#volumeId, referencedVolumeId: IMAGE_VOLUME_ID } },
        config: { label: 'difference', segments: Object.fromEntries(segments) },
      },
    ]);
    const representation = [{ segmentationId: this.#segmentationId, type: LABELMAP }];
    segmentation.addLabelmapRepresentationToViewportMap(Object.fromEntries(ids.map((id) => [id, representation])));
    for (const id of ids) {
      DIFF_COLORS.forEach((color, n) => segmentation.config.color.setSegmentIndexColor(id, this.#segmentationId!, n + 1, [...color, 255] as Types.Color));
      const before = edited.get(id);
      if (before !== undefined) segmentation.activeSegmentation.setActiveSegmentation(id, before);
    }
    segmentation.config.style.setStyle(
      { type: LABELMAP, segmentationId: this.#segmentationId },
      {
        renderFill: true,
        fillAlpha: FILL,
        fillAlphaInactive: FILL,
        renderFillInactive: true,
        renderOutline: true,
        renderOutlineInactive: true,
        outlineWidth: 1,
        outlineWidthInactive: 1,
        outlineOpacity: 1,
        outlineOpacityInactive: 1,
      },
    );
    this.engine.renderViewports([...ids]);
  }

  hide(): void {
    if (this.#segmentationId === null) return;
    segmentation.removeSegmentation(this.#segmentationId);
    this.#segmentationId = null;
    if (cache.getVolume(this.#volumeId)) dropVolume(this.#volumeId);
    this.engine.renderViewports([...this.viewportIds()]);
  }
}

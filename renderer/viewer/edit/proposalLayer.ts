/** A region that a network proposes, drawn over the planes and not in the mask, at a threshold that may move. */
import type { Grid } from '../../../main/contract/vocabulary.ts';
import type { VoxelBox } from '../../../main/contract/proposal.ts';
import { GreyPreview } from './greyPreview.ts';
import type { PreviewedView } from './greyPreview.ts';
import { toLpsMm } from './gridFrame.ts';
import type { Operation } from './voxelOperation.ts';

export const MOST_LEVEL = 255;

export class ProposalLayer {
  readonly #previews: readonly GreyPreview[];
  #shown: { readonly grid: Grid; readonly box: VoxelBox; readonly levels: Uint8Array<ArrayBuffer>; readonly colorRgb: readonly number[] } | null = null;
  #lowest = MOST_LEVEL;

  constructor(views: readonly PreviewedView[]) {
    this.#previews = views.map(({ element, viewport }) => new GreyPreview(element, viewport));
  }

  /** `levels` of the voxels of the box, i fastest, as in `Proposal`. */
  show(image: Grid, box: VoxelBox, levels: Uint8Array<ArrayBuffer>, lowest: number, colorRgb: readonly number[]): void {
    const [i, j, k] = box.fromIjk;
    const [x, y, z] = image.spacingMm;
    const grid = {
      ...image,
      dimsIjk: box.dimsIjk as unknown as Grid['dimsIjk'],
      originLpsMm: toLpsMm(image, [i * x, j * y, k * z]) as unknown as Grid['originLpsMm'],
    };
    this.#shown = { grid, box, levels, colorRgb };
    this.setLowest(lowest);
  }

  setLowest(lowest: number): void {
    this.#lowest = lowest;
    if (!this.#shown) return;
    const { grid, levels, colorRgb } = this.#shown;
    for (const preview of this.#previews) preview.show({ grid, voxels: levels }, { lower: lowest, upper: MOST_LEVEL }, colorRgb);
  }

  /** What would put it into the mask; null: there is none. */
  get operation(): Operation | null {
    return this.#shown && { kind: 'proposal', box: this.#shown.box, levels: this.#shown.levels, lowest: this.#lowest };
  }

  drop(): void {
    this.#shown = null;
    for (const preview of this.#previews) preview.hide();
  }
}

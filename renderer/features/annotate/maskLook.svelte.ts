import type { MprViewer } from '../../viewer/mprViewer.ts';

/** How the mask lies over the image: how strongly, and which of its segments. Kept from case to case. */
export class MaskLook {
  #viewer: MprViewer | null = null;
  #opacity = $state(0.5);
  #hidden = $state.raw<ReadonlySet<number>>(new Set());

  get opacity(): number {
    return this.#opacity;
  }
  /** Label values. */
  get hidden(): ReadonlySet<number> {
    return this.#hidden;
  }

  attach(viewer: MprViewer): void {
    this.#viewer = viewer;
    viewer.setOverlayOpacity(this.#opacity);
  }
  detach(): void {
    this.#viewer = null;
  }

  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    this.#viewer?.setOverlayOpacity(opacity);
  }
  toggleVisible(labelValue: number): void {
    const hidden = new Set(this.#hidden);
    const nowHidden = !hidden.delete(labelValue);
    if (nowHidden) hidden.add(labelValue);
    this.#hidden = hidden;
    this.#viewer?.setSegmentVisible(labelValue, !nowHidden);
  }
}

import type { WindowId } from '../contract/journal.ts';

/** The pages that are connected now. A journal whose window is not among them was left behind. */
export class Windows {
  readonly #connections = new Map<WindowId, number>();

  /** A page that connects again overlaps with itself for a moment. Returns what to call when the connection ends. */
  arrive(windowId: WindowId): () => void {
    this.#connections.set(windowId, (this.#connections.get(windowId) ?? 0) + 1);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      const left = this.#connections.get(windowId)! - 1;
      if (left > 0) this.#connections.set(windowId, left);
      else this.#connections.delete(windowId);
    };
  }

  has(windowId: WindowId): boolean {
    return this.#connections.has(windowId);
  }
}

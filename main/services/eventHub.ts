import type { AppEvent } from '../contract/api.ts';
import type { CaseId } from '../contract/vocabulary.ts';

/** Sends every change to every connected user interface. */
export class EventHub {
  readonly #listeners = new Set<(event: AppEvent) => void>();

  /** Returns the unsubscribe function. */
  subscribe(listener: (event: AppEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: AppEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (thrown) {
        // A window that has just gone must not stop a job or the other windows.
        console.error('event listener:', thrown);
      }
    }
  }

  casesChanged(...caseIds: CaseId[]): void {
    this.emit({ type: 'cases', caseIds });
  }
}

import type { CaseId } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';

/** A window asks for the case it shows whenever something about it changes; to look again so soon is no news. */
const SAME_VIEW_MS = 15 * 60_000;

/** Puts on record which cases one person opens. */
export class ViewLog {
  #last: { store: ProjectStore; caseId: CaseId; atMs: number } | null = null;

  tell(store: ProjectStore, actor: string, caseId: CaseId): void {
    const atMs = Date.now();
    const last = this.#last;
    if (last?.store === store && last.caseId === caseId && Math.abs(atMs - last.atMs) < SAME_VIEW_MS) return;
    store.note({ actor, action: 'view', subject: caseId });
    this.#last = { store, caseId, atMs };
  }
}

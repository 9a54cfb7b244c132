/** What the doctor may find. Paths are relative to the project, with `/`. */
import type { CaseId, Revision } from '../../contract/vocabulary.ts';

interface OfMask {
  readonly caseId: CaseId;
  readonly revision: Revision;
  readonly path: string;
}

export type Finding =
  /** By SQLite's integrity check. */
  | { readonly kind: 'databaseDamaged'; readonly detail: string }
  | { readonly kind: 'auditBroken'; readonly detail: string }
  | { readonly kind: 'imageMissing'; readonly caseId: CaseId; readonly path: string }
  | { readonly kind: 'imageDamaged'; readonly caseId: CaseId; readonly path: string; readonly detail: string }
  /** Imported by an older Maskloop: the image reads, and whether a bit flipped nobody can say. */
  | { readonly kind: 'imageUnhashed'; readonly caseId: CaseId; readonly path: string }
  | (OfMask & { readonly kind: 'maskMissing'; readonly isMarked: boolean })
  | (OfMask & { readonly kind: 'maskDamaged'; readonly detail: string; readonly isMarked: boolean })
  /** Marked as missing, and there again as it was saved. */
  | (OfMask & { readonly kind: 'maskBack' })
  /** A mask that nobody was told was saved: a crash came between its file and its row. */
  | (OfMask & { readonly kind: 'maskWithoutRow' })
  | { readonly kind: 'caseWithoutRow'; readonly path: string }
  /** By the opening after a crash. */
  | { readonly kind: 'caseSetAside'; readonly path: string }
  | { readonly kind: 'temporaryFile'; readonly path: string }
  /** Painted and not saved; the window offers it when the case is opened. `detail`: how many files. */
  | { readonly kind: 'journal'; readonly caseId: CaseId; readonly path: string; readonly detail: string }
  | { readonly kind: 'runMissing'; readonly path: string };

/** Those that are no damage: what to know, not what to mend. */
export const HARMLESS_FINDINGS: ReadonlySet<Finding['kind']> = new Set(['journal', 'caseSetAside', 'temporaryFile', 'maskBack', 'imageUnhashed']);

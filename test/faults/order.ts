/** What passes between the harness and the program it kills. */
import type { CaseId, MaskNumber, Revision, RunId } from '../../main/contract/vocabulary.ts';

export const SCENARIOS = ['import', 'save', 'export', 'train', 'migrate'] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface VictimOrder {
  readonly scenario: Scenario;
  readonly projectFolder: string;
  readonly studyFolder: string;
  readonly outputFolder: string;
  readonly stateFolder: string;
  readonly computeScript: string;
  readonly seed: number;
  /** Of an encrypted project. */
  readonly passphrase?: string;
}

/** Once said, it must be true whatever happens. */
export type Promised =
  | { readonly kind: 'ready' | 'done' }
  | { readonly kind: 'open'; readonly nonce: string }
  | { readonly kind: 'case'; readonly caseId: CaseId }
  | { readonly kind: 'mask'; readonly caseId: CaseId; readonly revision: Revision; readonly sha256: string }
  | { readonly kind: 'accepted'; readonly caseId: CaseId; readonly revision: Revision }
  | {
      readonly kind: 'namedMask';
      readonly caseId: CaseId;
      readonly mask: MaskNumber;
      readonly name: string;
      /** Its first revision. */ readonly copied: Revision;
    }
  | { readonly kind: 'training'; readonly caseId: CaseId; readonly mask: MaskNumber }
  | { readonly kind: 'file'; readonly name: string; readonly sha256: string }
  | { readonly kind: 'run'; readonly runId: RunId }
  | { readonly kind: 'checkpoint'; readonly runId: RunId; readonly epoch: number };

/** The order in which nnU-Net v2 prefers models by their cross-validation. */
export interface RankedCandidate {
  readonly name: string;
  /** Configurations that vote together. */
  readonly configurationCount: number;
  readonly dice: number | null;
}

/** Best first; of equal Dice the single configuration (cheaper, and v2's rule), then by name. Undefined Dice comes last. */
export function rankCandidates<C extends RankedCandidate>(candidates: readonly C[]): C[] {
  return [...candidates].sort((a, b) => (b.dice ?? -1) - (a.dice ?? -1) || a.configurationCount - b.configurationCount || (a.name < b.name ? -1 : 1));
}

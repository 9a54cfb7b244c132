/** Words for where a case stands in the split. */
import type { CasePlacement, PlacementReason } from './api.ts';

/** By the default fold: its cases measure, all others are learnt from. */
export function placeName({ fold }: CasePlacement): string {
  if (fold === 0) return 'validation (fold 0)';
  return fold === null ? 'training' : `training (fold ${fold})`;
}

export const placementReasons: Record<PlacementReason, string> = {
  splitsFile: 'splits_final.json says so',
  notInSplitsFile: 'not in splits_final.json',
  firstSplit: 'drawn at the first training',
  sameSubject: 'beside its subject',
  fewestSubjects: 'fold with the fewest subjects',
  onlySubject: 'the only subject then',
  beforeReasons: 'placed by an older version',
};

import type { AxisRule } from './axisSampling.ts';

type SpacingDhw = readonly [number, number, number];

/** Largest over smallest spacing above which slices are resized on their own and picked by nearest neighbour. */
const ANISOTROPY_LIMIT = 3;
/** v2 wants more than the limit, the seed takes the limit itself as well. */
export type AnisotropyRule = 'above3' | 'from3';

/**
 * Rule per axis for resizing from one spacing to another, as nnU-Net v2: `inPlane` everywhere, but `nearest` along the
 * coarsest axis when the current spacing, or else the new one, is anisotropic and has exactly one coarsest axis. The
 * seed differs in where anisotropy begins.
 */
export function resizingRules<R extends AxisRule>(
  currentMm: SpacingDhw,
  newMm: SpacingDhw,
  inPlane: R,
  rule: AnisotropyRule = 'above3',
): readonly [R | 'nearest', R | 'nearest', R | 'nearest'] {
  const judged = isAnisotropic(currentMm, rule) ? currentMm : isAnisotropic(newMm, rule) ? newMm : null;
  const rules: [R | 'nearest', R | 'nearest', R | 'nearest'] = [inPlane, inPlane, inPlane];
  if (!judged) return rules;
  const coarsest = [0, 1, 2].filter((axis) => judged[axis] === Math.max(...judged));
  if (coarsest.length === 1) rules[coarsest[0]!] = 'nearest';
  return rules;
}

function isAnisotropic(spacingMm: SpacingDhw, rule: AnisotropyRule): boolean {
  const ratio = Math.max(...spacingMm) / Math.min(...spacingMm);
  return rule === 'from3' ? ratio >= ANISOTROPY_LIMIT : ratio > ANISOTROPY_LIMIT;
}

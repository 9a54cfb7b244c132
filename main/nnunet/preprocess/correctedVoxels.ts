/** Where a person changed what a model had drawn, as places in the network's space to centre patches on. */
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { transposedShape, type ShapeDhw } from '../../imaging/tensorShape.ts';
import type { Plan } from '../plan/plan.ts';
import type { Random } from '../random.ts';
import type { CaseGeometry } from './preprocess.ts';

/** As many as v2 keeps of a class. */
const MOST_KEPT = 10_000;

/**
 * Flat voxel indices ([D, H, W] of `geometry.shapeDhw`), ascending, each once; of more than ten thousand changed voxels so
 * many are drawn. `predicted` and `accepted` hold label values on the stored grid. Voxels outside the non-zero box are left
 * out, and those that became `ignoredLabel`: nothing is learnt there.
 */
export function correctedVoxels(
  predicted: LabelArray,
  accepted: LabelArray,
  ignoredLabel: number | null,
  geometry: CaseGeometry,
  { transposeForward }: Pick<Plan, 'transposeForward'>,
  random: Random,
): Uint32Array<ArrayBuffer> {
  const isCorrected = (n: number): boolean => predicted[n] !== accepted[n] && accepted[n] !== ignoredLabel;
  let left = 0;
  for (let n = 0; n < accepted.length; n++) if (isCorrected(n)) left++;
  const places = new Set<number>();
  let open = Math.min(MOST_KEPT, left);
  for (let n = 0; open > 0; n++) {
    if (!isCorrected(n)) continue;
    // selection sampling (Knuth, algorithm S)
    const isKept = open === left || random.next() * left < open;
    left--;
    if (!isKept) continue;
    open--;
    const place = placeInNetwork(n, geometry, transposeForward);
    if (place !== null) places.add(place);
  }
  return Uint32Array.from(places).sort();
}

/** The voxel that holds the centre of stored voxel `n`; null outside the box that is kept. */
function placeInNetwork(n: number, { storedShapeDhw, cropBox, croppedShapeDhw, shapeDhw }: CaseGeometry, order: Plan['transposeForward']): number | null {
  const [, rows, columns] = storedShapeDhw;
  const stored: ShapeDhw = [Math.floor(n / (rows * columns)), Math.floor(n / columns) % rows, n % columns];
  if (stored.some((at, axis) => at < cropBox.begin[axis]! || at >= cropBox.end[axis]!)) return null;
  const cropped = transposedShape([stored[0] - cropBox.begin[0], stored[1] - cropBox.begin[1], stored[2] - cropBox.begin[2]], order);
  const along = (axis: 0 | 1 | 2): number => Math.min(shapeDhw[axis] - 1, Math.floor(((cropped[axis] + 0.5) * shapeDhw[axis]) / croppedShapeDhw[axis]));
  return (along(0) * shapeDhw[1] + along(1)) * shapeDhw[2] + along(2);
}

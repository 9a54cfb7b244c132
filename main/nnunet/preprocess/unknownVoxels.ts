/** From what a user left unpainted to the class that counts nowhere in the loss. */
import type { Completeness } from '../../contract/completeness.ts';
import type { DimsIjk } from '../../contract/vocabulary.ts';
import type { ClassArray } from '../train/trainingCase.ts';

export interface Annotation {
  readonly completeness: Completeness;
  /** Ones where background was painted, on the grid of the mask; `null` where none was. */
  readonly background: Uint8Array | Uint16Array | null;
}

/**
 * `classes` on the stored grid (i fastest) with `ignoreClass` where nothing is known. What is painted counts, painted
 * background too. Unpainted is background in a mask that knows every label, as far as it is complete; where some labels
 * are not known it may be any of those, whatever slices are complete: the classes exclude each other, so that no smaller
 * statement than "ignore" would be true.
 */
export function withUnknownIgnored<A extends ClassArray>(classes: A, dimsIjk: DimsIjk, { completeness, background }: Annotation, ignoreClass: number): A {
  const { unpainted, knownLabels } = completeness;
  const result = classes.slice() as A;
  const isKnown = knownLabels === null && unpainted === 'unknown' ? completeVoxels(dimsIjk, completeness) : null;
  const allKnown = knownLabels === null && unpainted === 'background';
  if (allKnown) return result;
  for (let n = 0; n < result.length; n++) {
    if (result[n] === 0 && !isKnown?.[n] && !background?.[n]) result[n] = ignoreClass;
  }
  return result;
}

/** Ones in complete slices and boxes; what of them lies outside the grid is left out. `null` where there are none. */
function completeVoxels(dimsIjk: DimsIjk, { completeSlices, completeBoxes }: Completeness): Uint8Array | null {
  if (completeSlices.length + completeBoxes.length === 0) return null;
  const [ni, nj, nk] = dimsIjk;
  const marks = new Uint8Array(ni * nj * nk);
  const boxes = completeSlices.map(({ axis, index }) => {
    const at = 'ijk'.indexOf(axis);
    return { beginIjk: [0, 1, 2].map((other) => (other === at ? index : 0)), endIjk: dimsIjk.map((count, other) => (other === at ? index + 1 : count)) };
  });
  for (const { beginIjk, endIjk } of [...boxes, ...completeBoxes]) {
    const [endI, endJ, endK] = dimsIjk.map((count, axis) => Math.min(count, endIjk[axis]!)) as [number, number, number];
    if (beginIjk[0]! >= endI) continue;
    for (let k = beginIjk[2]!; k < endK; k++) {
      for (let j = beginIjk[1]!; j < endJ; j++) {
        const row = ni * (j + nj * k);
        marks.fill(1, row + beginIjk[0]!, row + endI);
      }
    }
  }
  return marks;
}

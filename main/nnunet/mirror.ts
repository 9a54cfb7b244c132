/** Mirrored copies of windows for test-time augmentation. */
import type { ShapeDhw } from '../imaging/tensorShape.ts';

/** Which of the axes D, H, W are mirrored. */
export type Mirroring = readonly [d: boolean, h: boolean, w: boolean];

/** Every combination of the network's axes, the unmirrored first: 8 in 3D, 4 in 2D (`axes` 2: H and W). */
export function allMirrorings(axes: number): Mirroring[] {
  return Array.from({ length: 2 ** axes }, (_, bits) => [axes === 3 && (bits & 4) !== 0, (bits & 2) !== 0, (bits & 1) !== 0]);
}

/** Adds the mirrored window [d, h, w, components] at `begin` of `source` to that of `target`, each value times `factor`. */
export function addMirrored(
  source: Float32Array,
  target: Float32Array,
  begin: number,
  [nd, nh, nw]: ShapeDhw,
  components: number,
  [mirrorD, mirrorH, mirrorW]: Mirroring,
  factor: number,
): void {
  let to = begin;
  for (let d = 0; d < nd; d++) {
    const fromD = (mirrorD ? nd - 1 - d : d) * nh;
    for (let h = 0; h < nh; h++) {
      let from = begin + (fromD + (mirrorH ? nh - 1 - h : h)) * nw * components;
      if (!mirrorW) {
        for (const stop = to + nw * components; to < stop; to++, from++) target[to] = target[to]! + factor * source[from]!;
        continue;
      }
      from += (nw - 1) * components;
      for (let w = 0; w < nw; w++, from -= 2 * components) {
        for (let c = 0; c < components; c++, to++, from++) target[to] = target[to]! + factor * source[from]!;
      }
    }
  }
}

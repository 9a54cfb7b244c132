/** Copies between volumes and the patches a network sees; what lies outside the volume is zero. */
import type { ShapeDhw } from '../imaging/tensorShape.ts';

/**
 * Image, channel after channel [D, H, W], into a channels-last patch [d, h, w, C] whose first voxel lies at `origin`
 * (may be negative). `out` begins at `outBegin`; voxels outside the volume are set to 0.
 */
export function readImagePatch(
  image: Float32Array,
  shape: ShapeDhw,
  channels: number,
  origin: ShapeDhw,
  patch: ShapeDhw,
  out: Float32Array,
  outBegin = 0,
): void {
  const [nd, nh, nw] = patch;
  const volume = shape[0] * shape[1] * shape[2];
  out.fill(0, outBegin, outBegin + nd * nh * nw * channels);
  const [wBegin, wEnd] = overlap(origin[2], nw, shape[2]);
  for (let d = 0; d < nd; d++) {
    const z = origin[0] + d;
    if (z < 0 || z >= shape[0]) continue;
    for (let h = 0; h < nh; h++) {
      const y = origin[1] + h;
      if (y < 0 || y >= shape[1]) continue;
      const source = (z * shape[1] + y) * shape[2] + origin[2];
      const target = outBegin + (d * nh + h) * nw * channels;
      if (channels === 1) {
        if (wEnd > wBegin) out.set(image.subarray(source + wBegin, source + wEnd), target + wBegin);
        continue;
      }
      for (let c = 0; c < channels; c++) {
        const from = c * volume + source;
        for (let w = wBegin; w < wEnd; w++) out[target + w * channels + c] = image[from + w]!;
      }
    }
  }
}

/** Part of 0 … count that lies inside the volume. */
export function overlap(origin: number, count: number, size: number): readonly [begin: number, end: number] {
  return [Math.max(0, -origin), Math.min(count, size - origin)];
}

/** A network patch with its missing slice axis: a 2D patch is one slice. */
export function patchDhw(patch: readonly number[]): ShapeDhw {
  return patch.length === 2 ? [1, patch[0]!, patch[1]!] : [patch[0]!, patch[1]!, patch[2]!];
}

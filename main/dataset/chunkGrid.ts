/** A volume [D, H, W] cut into chunks of one shape; those at the far borders are smaller. Chunks are counted d slowest. */
import type { ShapeDhw } from '../imaging/tensorShape.ts';

export interface ChunkBox {
  readonly index: number;
  readonly originDhw: ShapeDhw;
  readonly shapeDhw: ShapeDhw;
}

const LARGEST_CHUNK_BYTES = 2 ** 20;

const countAlong = (shape: ShapeDhw, chunk: ShapeDhw, axis: 0 | 1 | 2): number => Math.ceil(shape[axis] / chunk[axis]);

export function chunkCount(shape: ShapeDhw, chunk: ShapeDhw): number {
  return countAlong(shape, chunk, 0) * countAlong(shape, chunk, 1) * countAlong(shape, chunk, 2);
}

/** Chunks that have voxels in common with the window, which may reach over the borders. */
export function chunksIn(shape: ShapeDhw, chunk: ShapeDhw, originDhw: ShapeDhw, windowDhw: ShapeDhw): ChunkBox[] {
  const along = (axis: 0 | 1 | 2): readonly number[] => {
    const first = Math.max(0, Math.floor(originDhw[axis] / chunk[axis]));
    const end = Math.min(countAlong(shape, chunk, axis), Math.ceil((originDhw[axis] + windowDhw[axis]) / chunk[axis]));
    return Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
  };
  const [rows, columns] = [countAlong(shape, chunk, 1), countAlong(shape, chunk, 2)];
  const cut = (at: number, axis: 0 | 1 | 2): number => Math.min(chunk[axis], shape[axis] - at * chunk[axis]);
  return along(0).flatMap((d) =>
    along(1).flatMap((h) =>
      along(2).map((w) => ({
        index: (d * rows + h) * columns + w,
        originDhw: [d * chunk[0], h * chunk[1], w * chunk[2]] as const,
        shapeDhw: [cut(d, 0), cut(h, 1), cut(w, 2)] as const,
      })),
    ),
  );
}

/**
 * Half a patch per axis, halved further until a chunk holds at most 1 MiB: a random patch then touches 27 chunks at
 * most, which together are about three times its size.
 */
export function chunkShapeFor(patchDhw: ShapeDhw, shape: ShapeDhw, bytesPerVoxel: number): ShapeDhw {
  const along = (axis: 0 | 1 | 2): number => Math.min(shape[axis], Math.max(1, Math.ceil(patchDhw[axis] / 2)));
  const chunk: [number, number, number] = [along(0), along(1), along(2)];
  while (chunk[0] * chunk[1] * chunk[2] * bytesPerVoxel > LARGEST_CHUNK_BYTES) {
    const longest = chunk.indexOf(Math.max(...chunk)) as 0 | 1 | 2;
    if (chunk[longest] === 1) break;
    chunk[longest] = Math.ceil(chunk[longest] / 2);
  }
  return chunk;
}

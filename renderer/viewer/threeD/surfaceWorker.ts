/** Entry of the thread that makes surfaces of segments: one answer for each segment, in their order, then `done`. */
import type { Grid } from '../../../main/contract/vocabulary.ts';
import { meshOf } from '../../../main/formats/mesh/meshOf.ts';
import type { LabelArray } from '../labelSlots.ts';
import { vertexNormals } from './vertexNormals.ts';

export interface SurfaceTask {
  readonly labels: LabelArray;
  readonly grid: Grid;
  readonly labelValues: readonly number[];
}

/** As graphics cards take it. */
export interface Surface {
  readonly pointsLpsMm: Float32Array<ArrayBuffer>;
  readonly normals: Float32Array<ArrayBuffer>;
  /** For each triangle the number 3 and its vertices. */
  readonly cells: Uint32Array<ArrayBuffer>;
}

export type FromSurfaceWorker =
  | { readonly type: 'surface'; readonly labelValue: number; /** Null: no voxel has the label. */ readonly surface: Surface | null }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string };

const answer = (message: FromSurfaceWorker, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

self.addEventListener('message', ({ data: { labels, grid, labelValues } }: MessageEvent<SurfaceTask>) => {
  try {
    for (const labelValue of labelValues) {
      const surface = surfaceOf(labels, grid, labelValue);
      answer({ type: 'surface', labelValue, surface }, surface ? [surface.pointsLpsMm.buffer, surface.normals.buffer, surface.cells.buffer] : []);
    }
    answer({ type: 'done' });
  } catch (thrown) {
    answer({ type: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
});

function surfaceOf(labels: LabelArray, grid: Grid, labelValue: number): Surface | null {
  const mesh = meshOf(labels, grid, labelValue);
  if (mesh.triangles.length === 0) return null;
  const cells = new Uint32Array((mesh.triangles.length / 3) * 4);
  for (let n = 0, at = 0; n < mesh.triangles.length; n += 3) {
    cells[at++] = 3;
    for (let corner = 0; corner < 3; corner++) cells[at++] = mesh.triangles[n + corner]!;
  }
  return { pointsLpsMm: Float32Array.from(mesh.pointsLpsMm), normals: vertexNormals(mesh), cells };
}

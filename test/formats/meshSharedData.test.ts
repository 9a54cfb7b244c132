/** Surfaces of the organs of a whole body: closed, and as large as their voxels. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { meshVolumeMm3 } from '../../main/formats/mesh/mesh.ts';
import { meshOf } from '../../main/formats/mesh/meshOf.ts';
import { labelValuesIn, labelVoxels } from '../../main/imaging/labelVoxels.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../reference/sharedData.ts';

/** Edges that are not walked once in each sense by two triangles. */
function openEdges(triangles: Uint32Array): number {
  const balance = new Map<number, number>();
  for (let n = 0; n < triangles.length; n++) {
    const [from, to] = [triangles[n]!, triangles[n % 3 === 2 ? n - 2 : n + 1]!];
    const key = Math.min(from, to) * 2 ** 26 + Math.max(from, to);
    balance.set(key, (balance.get(key) ?? 0) + (from < to ? 1 : -1));
  }
  return [...balance.values()].filter((sum) => sum !== 0).length;
}

describe.skipIf(!hasSharedData)(`meshes of real organs${sharedDataNotice}`, () => {
  it('every one is closed and within 0.5 % of the volume of its voxels', async () => {
    const { grid, channels } = await readVolumeFile(join(SHARED_DATA, 'totalseg_multiorgan/example_seg_fast_force_split.nii.gz'));
    const labels = labelVoxels(channels[0]!);
    if (!labels.ok) throw new Error(labels.detail);
    const [i, j, k] = grid.spacingMm;
    const values = labelValuesIn(labels.voxels).filter((value) => value % 3 === 0);
    expect(values.length).toBeGreaterThan(15);
    for (const value of values) {
      const mesh = meshOf(labels.voxels, grid, value);
      let voxelCount = 0;
      for (const label of labels.voxels) if (label === value) voxelCount++;
      expect(openEdges(mesh.triangles), `label ${value}`).toBe(0);
      expect(Math.abs(meshVolumeMm3(mesh) / (voxelCount * i * j * k) - 1), `label ${value}`).toBeLessThan(0.005);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { Grid } from '../../../main/contract/vocabulary.ts';
import { meshOf } from '../../../main/formats/mesh/meshOf.ts';
import { vertexNormals } from './vertexNormals.ts';

describe('vertexNormals', () => {
  it('point away from the middle of a ball, whichever way round its grid is', () => {
    const n = 21;
    const labels = Uint8Array.from({ length: n ** 3 }, (_, at) =>
      Number(Math.hypot((at % n) - 10, (Math.floor(at / n) % n) - 10, Math.floor(at / n / n) - 10) < 8),
    );
    for (const flip of [1, -1]) {
      const mesh = meshOf(
        labels,
        Grid.parse({ dimsIjk: [n, n, n], spacingMm: [1, 1, 1], originLpsMm: [-10 * flip, -10, -10], direction: [flip, 0, 0, 0, 1, 0, 0, 0, 1] }),
        1,
      );
      const normals = vertexNormals(mesh);
      for (let at = 0; at < normals.length; at += 3) {
        const radius = Math.hypot(...mesh.pointsLpsMm.subarray(at, at + 3));
        const outward = [0, 1, 2].reduce((sum, axis) => sum + (normals[at + axis]! * mesh.pointsLpsMm[at + axis]!) / radius, 0);
        expect(outward).toBeGreaterThan(0.9);
        expect(Math.hypot(...normals.subarray(at, at + 3))).toBeCloseTo(1, 5);
      }
    }
  });
});

/** Unit normals of the vertices of a mesh, each the mean of its triangles by their areas; three numbers a vertex, outward. */
import type { Mesh } from '../../../main/formats/mesh/mesh.ts';

export function vertexNormals({ pointsLpsMm: p, triangles }: Mesh): Float32Array<ArrayBuffer> {
  const normals = new Float32Array(p.length);
  for (let n = 0; n < triangles.length; n += 3) {
    const [a, b, c] = [3 * triangles[n]!, 3 * triangles[n + 1]!, 3 * triangles[n + 2]!];
    const [ux, uy, uz] = [p[b]! - p[a]!, p[b + 1]! - p[a + 1]!, p[b + 2]! - p[a + 2]!];
    const [vx, vy, vz] = [p[c]! - p[a]!, p[c + 1]! - p[a + 1]!, p[c + 2]! - p[a + 2]!];
    const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const at of [a, b, c]) {
      normals[at]! += x;
      normals[at + 1]! += y;
      normals[at + 2]! += z;
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!) || 1;
    normals[at]! /= length;
    normals[at + 1]! /= length;
    normals[at + 2]! /= length;
  }
  return normals;
}

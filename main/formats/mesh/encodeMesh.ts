/** Meshes as binary STL and as OBJ, in millimetres. Both say their frame in the words that 3D Slicer looks for. */
import type { Mesh } from './mesh.ts';

export interface MeshFileOptions {
  /** Printable ASCII; what it is. */
  readonly title: string;
  /** Of the numbers in the file; programs that do not read the frame take the numbers as they are. */
  readonly frame: 'LPS' | 'RAS';
}

const STL_HEADER_BYTES = 80;
const STL_TRIANGLE_BYTES = 50;

/** Binary STL: 80 bytes of header, the number of triangles, then normal, three corners and two idle bytes for each. */
export function encodeStl({ pointsLpsMm, triangles }: Mesh, { title, frame }: MeshFileOptions): Uint8Array {
  const count = triangles.length / 3;
  const bytes = new Uint8Array(STL_HEADER_BYTES + 4 + count * STL_TRIANGLE_BYTES);
  const view = new DataView(bytes.buffer);
  // not "solid …": readers take that for a text file
  const header = `Maskloop SPACE=${frame} mm; ${ascii(title)}`;
  bytes.set(new TextEncoder().encode(header.slice(0, STL_HEADER_BYTES)));
  view.setUint32(STL_HEADER_BYTES, count, true);
  const signs = signsOf(frame);
  const corners = new Float64Array(9);
  for (let triangle = 0; triangle < count; triangle++) {
    const at = STL_HEADER_BYTES + 4 + triangle * STL_TRIANGLE_BYTES;
    for (let n = 0; n < 9; n++) {
      corners[n] = signs[n % 3]! * pointsLpsMm[3 * triangles[3 * triangle + Math.floor(n / 3)]! + (n % 3)]!;
      view.setFloat32(at + 12 + 4 * n, corners[n]!, true);
    }
    normalOf(corners).forEach((part, n) => view.setFloat32(at + 4 * n, part, true));
  }
  return bytes;
}

/** Wavefront OBJ: `v x y z` for each vertex, `f a b c` for each triangle, counted from 1. */
export function encodeObj({ pointsLpsMm, triangles }: Mesh, { title, frame }: MeshFileOptions): Uint8Array {
  const lines = [`# Maskloop SPACE=${frame}, millimetres`, `# ${ascii(title)}`];
  const signs = signsOf(frame);
  const mm = (at: number) => (signs[at % 3]! * pointsLpsMm[at]!).toFixed(4);
  for (let at = 0; at < pointsLpsMm.length; at += 3) lines.push(`v ${mm(at)} ${mm(at + 1)} ${mm(at + 2)}`);
  for (let at = 0; at < triangles.length; at += 3) lines.push(`f ${triangles[at]! + 1} ${triangles[at + 1]! + 1} ${triangles[at + 2]! + 1}`);
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/** From LPS. Two axes turn, which is a rotation: triangles keep their sense. */
function signsOf(frame: 'LPS' | 'RAS'): readonly [number, number, number] {
  return frame === 'LPS' ? [1, 1, 1] : [-1, -1, 1];
}

function ascii(title: string): string {
  return title.replaceAll(/[^\x20-\x7e]/g, '?');
}

function normalOf(corners: Float64Array): [number, number, number] {
  const side = (corner: number, axis: number) => corners[3 * corner + axis]! - corners[axis]!;
  const normal = [0, 1, 2].map((axis) => {
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    return side(1, u) * side(2, v) - side(1, v) * side(2, u);
  });
  const length = Math.hypot(...normal) || 1;
  return [normal[0]! / length, normal[1]! / length, normal[2]! / length];
}

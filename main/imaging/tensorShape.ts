/** Three axes of a tensor [D, H, W]; D is the slowest. The same memory as an i-fastest volume with D=k, H=j, W=i. */
export type ShapeDhw = readonly [depth: number, height: number, width: number];

export const voxelCount = (shape: ShapeDhw): number => shape[0] * shape[1] * shape[2];

/** The voxel arrays that can be moved around without looking at their values. */
type MovableArray = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Axis `order[a]` of the source becomes axis `a`. Returns `values` itself when nothing moves. */
export function transposeVolume<A extends MovableArray>(values: A, shape: ShapeDhw, order: ShapeDhw): A {
  if (order[0] === 0 && order[1] === 1) return values;
  const strides = [shape[1] * shape[2], shape[2], 1];
  const [nd, nh, nw] = transposedShape(shape, order);
  const [sd, sh, sw] = [strides[order[0]]!, strides[order[1]]!, strides[order[2]]!];
  const out = new (values.constructor as new (count: number) => A)(values.length);
  let target = 0;
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      let source = d * sd + h * sh;
      for (let w = 0; w < nw; w++, source += sw) out[target++] = values[source]!;
    }
  }
  return out;
}

export function transposedShape<T>(triple: readonly [T, T, T], order: ShapeDhw): [T, T, T] {
  return [triple[order[0]]!, triple[order[1]]!, triple[order[2]]!];
}

/** `transposeVolume` with the result undoes `order`. */
export function inverseOrder(order: ShapeDhw): [number, number, number] {
  const inverse: [number, number, number] = [0, 0, 0];
  order.forEach((axis, place) => (inverse[axis] = place));
  return inverse;
}

/** Resizing of a volume that passes by plane after plane: two planes of the source and one of the result are in memory. */
import { axisSampling, type AxisSampling } from './axisSampling.ts';
import type { LabelAxisRules } from './resampleLabels.ts';
import type { ShapeDhw } from './tensorShape.ts';

/**
 * Planes [H, W, components] of shape `from`, in order along the first axis, as planes of shape `to`. A plane given or
 * yielded is a view that the next one overwrites. Ends early when `planes` does.
 */
export async function* resamplePlanes(
  planes: AsyncIterable<Float32Array>,
  components: number,
  from: ShapeDhw,
  to: ShapeDhw,
  rules: LabelAxisRules,
): AsyncGenerator<Float32Array, void, undefined> {
  if (from.every((count, axis) => count === to[axis])) {
    yield* planes;
    return;
  }
  const depth = axisSampling(from[0], to[0], rules[0]);
  const inPlane = new PlaneResizer(components, from, to, rules);
  const before = new Float32Array(from[1] * from[2] * components);
  const between = new Float32Array(before.length);
  let source = 0;
  let target = 0;
  for await (const plane of planes) {
    // the lower neighbour of a target is this plane or the one before, for its upper neighbour is this plane
    for (; target < to[0] && depth.upper[target]! <= source; target++) {
      const upperWeight = depth.upperWeight[target]!;
      if (upperWeight === 0 && depth.lower[target] === source) yield inPlane.resize(plane);
      else {
        mix(between, 0, depth.lower[target] === source ? plane : before, 0, plane, 0, between.length, upperWeight);
        yield inPlane.resize(between);
      }
    }
    before.set(plane);
    source++;
  }
}

class PlaneResizer {
  readonly #components: number;
  readonly #rows: AxisSampling;
  readonly #columns: AxisSampling;
  readonly #rowLength: number;
  readonly #row: Float32Array;
  readonly #out: Float32Array;

  constructor(components: number, from: ShapeDhw, to: ShapeDhw, rules: LabelAxisRules) {
    this.#components = components;
    this.#rows = axisSampling(from[1], to[1], rules[1]);
    this.#columns = axisSampling(from[2], to[2], rules[2]);
    this.#rowLength = from[2] * components;
    this.#row = new Float32Array(this.#rowLength);
    this.#out = new Float32Array(to[1] * to[2] * components);
  }

  resize(plane: Float32Array): Float32Array {
    const count = this.#components;
    const rows = this.#rows;
    const { lower, upper, upperWeight } = this.#columns;
    const row = this.#row;
    const out = this.#out;
    let at = 0;
    for (let y = 0; y < rows.lower.length; y++) {
      mix(row, 0, plane, rows.lower[y]! * this.#rowLength, plane, rows.upper[y]! * this.#rowLength, this.#rowLength, rows.upperWeight[y]!);
      for (let x = 0; x < lower.length; x++, at += count) {
        mix(out, at, row, lower[x]! * count, row, upper[x]! * count, count, upperWeight[x]!);
      }
    }
    return out;
  }
}

/** out = a · (1 − weight) + b · weight over `count` values. */
function mix(out: Float32Array, outBegin: number, a: Float32Array, aBegin: number, b: Float32Array, bBegin: number, count: number, weight: number): void {
  const aWeight = 1 - weight;
  for (let n = 0; n < count; n++) out[outBegin + n] = a[aBegin + n]! * aWeight + b[bBegin + n]! * weight;
}

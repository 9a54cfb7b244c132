/**
 * Exact Euclidean distances on an anisotropic grid by lower envelopes of parabolas, axis by axis (Felzenszwalb and
 * Huttenlocher, "Distance transforms of sampled functions", 2012). Slices, rows and columns that cannot matter for the
 * voxels asked about are passed over: two surfaces fill a small part of their box.
 */
import type { ShapeDhw } from '../../imaging/tensorShape.ts';

/**
 * For each voxel of `asked` (1 = asked about) the distance in mm to the nearest voxel of `sources` (1 = source), voxel
 * centre to voxel centre. The order is that of columns along D, not of memory. `sources` must not be empty.
 */
export function distancesToNearest(asked: Uint8Array, sources: Uint8Array, shape: ShapeDhw, spacingDhwMm: ShapeDhw): Float64Array {
  const [depth, height, width] = shape;
  const slice = height * width;
  const { columns, isAskedW, count } = askedColumns(asked, shape);
  const field = new Float32Array(depth * slice);
  const scratch = new Envelope(Math.max(depth, height));
  const slices: number[] = [];
  for (let d = 0; d < depth; d++) {
    const rows = distancesAlongRows(sources, field, d * slice, height, width, spacingDhwMm[2]);
    if (rows.length === 0) continue;
    slices.push(d);
    for (let w = 0; w < width; w++) {
      if (isAskedW[w] === 0) continue;
      scratch.build(rows, field, d * slice + w, width, spacingDhwMm[1]);
      for (let h = 0, n = d * slice + w; h < height; h++, n += width) field[n] = scratch.at(h);
    }
  }
  const distances = new Float64Array(count);
  let found = 0;
  for (const column of columns) {
    scratch.build(slices, field, column, slice, spacingDhwMm[0]);
    for (let d = 0, n = column; d < depth; d++, n += slice) {
      if (asked[n] === 1) distances[found++] = Math.sqrt(scratch.at(d));
    }
  }
  return distances;
}

function askedColumns(asked: Uint8Array, [depth, height, width]: ShapeDhw) {
  const slice = height * width;
  const isAsked = new Uint8Array(slice);
  const isAskedW = new Uint8Array(width);
  let count = 0;
  for (let d = 0, n = 0; d < depth; d++) {
    for (let hw = 0; hw < slice; hw++, n++) {
      if (asked[n] === 0) continue;
      isAsked[hw] = 1;
      count++;
    }
  }
  const columns: number[] = [];
  for (let hw = 0; hw < slice; hw++) {
    if (isAsked[hw] === 0) continue;
    columns.push(hw);
    isAskedW[hw % width] = 1;
  }
  return { columns, isAskedW, count };
}

/** Squared distances within each row of one slice; returns the rows that hold a source, the only ones written. */
function distancesAlongRows(sources: Uint8Array, field: Float32Array, begin: number, height: number, width: number, spacingMm: number): number[] {
  const rows: number[] = [];
  const area = sources.subarray(begin, begin + height * width);
  for (let h = 0; h < height; h++) {
    const first = area.indexOf(1, h * width);
    if (first === -1) break;
    h = Math.floor(first / width); // rows before it hold no source
    const row = begin + h * width;
    rows.push(h);
    let last = -Infinity;
    for (let w = 0; w < width; w++) {
      if (sources[row + w] === 1) last = w;
      field[row + w] = w - last;
    }
    last = Infinity;
    for (let w = width - 1; w >= 0; w--) {
      if (sources[row + w] === 1) last = w;
      const steps = Math.min(field[row + w]!, last - w);
      field[row + w] = (steps * spacingMm) ** 2;
    }
  }
  return rows;
}

/** The lower envelope of the parabolas over a line, in units of that line's spacing. */
class Envelope {
  readonly #place: Int32Array;
  readonly #height: Float64Array;
  /** Parabola n is the lowest from `#from[n]` on. */
  readonly #from: Float64Array;
  #last = -1;
  #current = 0;
  #spacingSquared = 1;

  constructor(longest: number) {
    this.#place = new Int32Array(longest);
    this.#height = new Float64Array(longest);
    this.#from = new Float64Array(longest);
  }

  /** Over `places` (ascending) of the line that begins at `begin` of `field` with steps of `stride`. */
  build(places: readonly number[], field: Float32Array, begin: number, stride: number, spacingMm: number): void {
    this.#spacingSquared = spacingMm * spacingMm;
    let last = -1;
    for (const place of places) {
      const height = field[begin + place * stride]! / this.#spacingSquared;
      let from = -Infinity;
      while (last >= 0) {
        const other = this.#place[last]!;
        from = (height + place * place - this.#height[last]! - other * other) / (2 * (place - other));
        if (from > this.#from[last]!) break;
        last--;
        from = -Infinity;
      }
      last++;
      this.#place[last] = place;
      this.#height[last] = height;
      this.#from[last] = from;
    }
    this.#last = last;
    this.#current = 0;
  }

  /** Squared distance in mm² at a place; places must be asked in ascending order. */
  at(place: number): number {
    while (this.#current < this.#last && this.#from[this.#current + 1]! < place) this.#current++;
    const steps = place - this.#place[this.#current]!;
    return this.#spacingSquared * (steps * steps + this.#height[this.#current]!);
  }
}

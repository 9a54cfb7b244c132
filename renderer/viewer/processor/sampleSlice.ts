/**
 * The voxels of a volume that the pixels of a plane fall on, for drawing by the processor. No Cornerstone: vite.config.ts puts it in the
 * place of the sampling of Cornerstone's viewports for processors, which computes each pixel from eight voxels and, of an oblique scan,
 * makes several objects for each.
 */

/** Indices along i, j and k; fractions lie between voxel centres. */
export type ContinuousIjk = readonly [number, number, number];

export interface SliceSampling {
  /** i fastest. */
  readonly scalarData: ArrayLike<number>;
  readonly dimensions: ContinuousIjk;
  /** Row by row; filled. */
  readonly pixelData: { [index: number]: number; readonly length: number };
  readonly width: number;
  readonly height: number;
  /** Of the centre of the first pixel. */
  readonly rowStartIndex: ContinuousIjk;
  /** From a pixel to the next one in its row. */
  readonly xStepIndexDelta: ContinuousIjk;
  /** From a row to the next one. */
  readonly yStepIndexDelta: ContinuousIjk;
  readonly isNearest: boolean;
  /** Of pixels beside the volume, and of values under it. */
  readonly fallbackMin: number;
  readonly fallbackMax: number;
  /** Else they are rounded. */
  readonly keepsFractions: boolean;
}

export interface SampledRange {
  readonly min: number;
  readonly max: number;
}

/** A pixel this far outside the outermost voxels still belongs to them. */
const OUTSIDE = 1e-4;
/** Exactly between two voxels the lower one is the nearest. */
const TIE = 1e-6;
/** A step along one axis strays from it by less. */
const ALONG_AXIS = 1e-6;

/** Which voxels the positions along one axis fall between: offsets in the array, −1 outside of the volume. */
interface AxisPlan {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly fraction: Float64Array;
}

function axisPlan(voxelCount: number, stride: number, start: number, step: number, length: number, isNearest: boolean): AxisPlan {
  const plan = { lower: new Int32Array(length).fill(-1), upper: new Int32Array(length), fraction: new Float64Array(length) };
  let position = start; // added up as Cornerstone does it, so that ties fall as they do there
  for (let n = 0; n < length; n++, position += step) {
    if (position < -0.5 - OUTSIDE || position > voxelCount - 0.5 + OUTSIDE) continue;
    const inside = Math.min(voxelCount - 1, Math.max(0, position));
    const lower = isNearest ? Math.floor(inside + 0.5 - TIE) : Math.floor(inside);
    plan.lower[n] = lower * stride;
    const fraction = isNearest ? 0 : inside - lower;
    plan.fraction[n] = fraction;
    plan.upper[n] = (fraction === 0 ? lower : lower + 1) * stride;
  }
  return plan;
}

const axisOf = (step: ContinuousIjk): number => {
  const along = [0, 1, 2].filter((axis) => Math.abs(step[axis]!) > ALONG_AXIS);
  return along.length === 1 ? along[0]! : -1;
};

/** Fills `pixelData`; values between voxels are linear between them. Returns the smallest and the largest value that it holds then. */
export function sampleSlice(sampling: SliceSampling): SampledRange {
  const { xStepIndexDelta, yStepIndexDelta } = sampling;
  const [across, down] = [axisOf(xStepIndexDelta), axisOf(yStepIndexDelta)];
  return across >= 0 && down >= 0 && across !== down ? sampleAlongAxes(sampling, across, down) : sampleAnywhere(sampling);
}

/** Rows of voxels are stretched to the width once, and rows of pixels mixed from them. */
function sampleAlongAxes(sampling: SliceSampling, across: number, down: number): SampledRange {
  const { dimensions, width, height, rowStartIndex, xStepIndexDelta, yStepIndexDelta, isNearest, pixelData, fallbackMin } = sampling;
  const strides = [1, dimensions[0], dimensions[0] * dimensions[1]];
  const through = 3 - across - down;
  const columns = axisPlan(dimensions[across]!, strides[across]!, rowStartIndex[across]!, xStepIndexDelta[across]!, width, isNearest);
  const rows = axisPlan(dimensions[down]!, strides[down]!, rowStartIndex[down]!, yStepIndexDelta[down]!, height, isNearest);
  const slice = axisPlan(dimensions[through]!, strides[through]!, rowStartIndex[through]!, 0, 1, isNearest);
  const tally = { min: Infinity, max: -Infinity };
  const [firstColumn, endColumn] = insideOf(columns.lower);
  if (slice.lower[0]! < 0 || firstColumn === endColumn) return filled(sampling, 0, width * height, tally);
  if (firstColumn > 0 || endColumn < width) tally.min = tally.max = fallbackMin;
  const stretched = new StretchedRows(sampling.scalarData, columns, [firstColumn, endColumn], slice, width);
  for (let y = 0, pixel = 0; y < height; y++, pixel += width) {
    const row = rows.lower[y]!;
    if (row < 0) {
      filled(sampling, pixel, pixel + width, tally);
      continue;
    }
    for (let x = 0; x < firstColumn; x++) pixelData[pixel + x] = fallbackMin;
    for (let x = endColumn; x < width; x++) pixelData[pixel + x] = fallbackMin;
    const upper = stretched.at(row);
    const lower = rows.fraction[y]! === 0 ? upper : stretched.at(rows.upper[y]!);
    mixRows(sampling, upper, lower, rows.fraction[y]!, { pixel, from: firstColumn, to: endColumn }, tally);
  }
  return tally;
}

/** Positions that fall into the volume lie side by side. */
function insideOf(lower: Int32Array): [from: number, to: number] {
  let from = 0;
  while (from < lower.length && lower[from]! < 0) from++;
  let to = from;
  while (to < lower.length && lower[to]! >= 0) to++;
  return [from, to];
}

function filled({ pixelData, fallbackMin }: SliceSampling, from: number, to: number, tally: { min: number; max: number }): SampledRange {
  for (let n = from; n < to; n++) pixelData[n] = fallbackMin;
  tally.min = Math.min(tally.min, fallbackMin);
  tally.max = Math.max(tally.max, fallbackMin);
  return tally;
}

function mixRows(
  { pixelData, fallbackMin, fallbackMax, keepsFractions }: SliceSampling,
  upper: Float64Array,
  lower: Float64Array,
  fraction: number,
  { pixel, from, to }: { pixel: number; from: number; to: number },
  tally: { min: number; max: number },
): void {
  let { min, max } = tally;
  const rest = 1 - fraction;
  for (let x = from; x < to; x++) {
    const value = upper[x]! * rest + lower[x]! * fraction;
    const kept = value >= fallbackMin ? (value <= fallbackMax ? (keepsFractions ? value : Math.round(value)) : fallbackMax) : fallbackMin; // what is no number too
    pixelData[pixel + x] = kept;
    if (kept < min) min = kept;
    if (kept > max) max = kept;
  }
  tally.min = min;
  tally.max = max;
}

/** The last two rows of voxels, mixed across the slice and stretched to the columns of the plane. */
class StretchedRows {
  readonly #rows: [Float64Array, Float64Array];
  readonly #offsets = [-1, -1];
  #oldest = 0;

  constructor(
    private readonly scalarData: ArrayLike<number>,
    private readonly columns: AxisPlan,
    private readonly inside: readonly [from: number, to: number],
    private readonly slice: AxisPlan,
    width: number,
  ) {
    this.#rows = [new Float64Array(width), new Float64Array(width)];
  }

  /** `offset` of the row in the array. Good until the one after the next. */
  at(offset: number): Float64Array {
    const known = this.#offsets.indexOf(offset);
    if (known >= 0) {
      this.#oldest = 1 - known;
      return this.#rows[known]!;
    }
    const place = this.#oldest;
    this.#oldest = 1 - place;
    this.#offsets[place] = offset;
    const row = this.#rows[place]!;
    const fraction = this.slice.fraction[0]!;
    if (fraction === 0) this.#stretch(row, offset + this.slice.lower[0]!);
    else this.#stretchBoth(row, offset + this.slice.lower[0]!, offset + this.slice.upper[0]!, fraction);
    return row;
  }

  #stretch(row: Float64Array, base: number): void {
    const {
      scalarData,
      columns: { lower, upper, fraction },
      inside: [from, to],
    } = this;
    for (let x = from; x < to; x++) {
      const share = fraction[x]!;
      row[x] = scalarData[base + lower[x]!]! * (1 - share) + scalarData[base + upper[x]!]! * share;
    }
  }

  #stretchBoth(row: Float64Array, near: number, far: number, depth: number): void {
    const {
      scalarData,
      columns: { lower, upper, fraction },
      inside: [from, to],
    } = this;
    for (let x = from; x < to; x++) {
      const share = fraction[x]!;
      const [left, right] = [lower[x]!, upper[x]!];
      const front = scalarData[near + left]! * (1 - share) + scalarData[near + right]! * share;
      const back = scalarData[far + left]! * (1 - share) + scalarData[far + right]! * share;
      row[x] = front * (1 - depth) + back * depth;
    }
  }
}

/** A plane across the axes of the scan. */
function sampleAnywhere(sampling: SliceSampling): SampledRange {
  const {
    dimensions: [ni, nj, nk],
    pixelData,
    width,
    height,
    rowStartIndex,
    xStepIndexDelta: across,
    yStepIndexDelta: down,
    fallbackMin,
    fallbackMax,
    keepsFractions,
    isNearest,
  } = sampling;
  const valueAt = isNearest ? nearestIn(sampling) : linearIn(sampling);
  let [min, max] = [Infinity, -Infinity];
  for (let y = 0, pixel = 0; y < height; y++) {
    let [i, j, k] = [rowStartIndex[0] + y * down[0], rowStartIndex[1] + y * down[1], rowStartIndex[2] + y * down[2]];
    for (let x = 0; x < width; x++, pixel++) {
      let kept = fallbackMin;
      if (isInside(i, ni) && isInside(j, nj) && isInside(k, nk)) {
        const value = valueAt(within(i, ni), within(j, nj), within(k, nk));
        if (value >= fallbackMin) kept = value <= fallbackMax ? (keepsFractions ? value : Math.round(value)) : fallbackMax;
      }
      pixelData[pixel] = kept;
      if (kept < min) min = kept;
      if (kept > max) max = kept;
      i += across[0];
      j += across[1];
      k += across[2];
    }
  }
  return { min, max };
}

const isInside = (position: number, voxelCount: number): boolean => position >= -0.5 - OUTSIDE && position <= voxelCount - 0.5 + OUTSIDE;
const within = (position: number, voxelCount: number): number => (position < 0 ? 0 : position > voxelCount - 1 ? voxelCount - 1 : position);

const nearestIn =
  ({ scalarData, dimensions: [ni, nj] }: SliceSampling) =>
  (i: number, j: number, k: number): number =>
    scalarData[Math.floor(i + 0.5 - TIE) + ni * (Math.floor(j + 0.5 - TIE) + nj * Math.floor(k + 0.5 - TIE))]!;

const linearIn =
  ({ scalarData, dimensions: [ni, nj, nk] }: SliceSampling) =>
  (i: number, j: number, k: number): number => {
    const [i0, j0, k0] = [Math.floor(i), Math.floor(j), Math.floor(k)];
    const [di, dj, dk] = [i - i0, j - j0, k - k0];
    const at = i0 + ni * (j0 + nj * k0);
    const right = i0 + 1 < ni ? 1 : 0;
    const below = j0 + 1 < nj ? ni : 0;
    const behind = k0 + 1 < nk ? ni * nj : 0;
    const line = (from: number): number => scalarData[from]! * (1 - di) + scalarData[from + right]! * di;
    const front = line(at) * (1 - dj) + line(at + below) * dj;
    return dk === 0 ? front : front * (1 - dk) + (line(at + behind) * (1 - dj) + line(at + behind + below) * dj) * dk;
  };

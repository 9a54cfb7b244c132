/**
 * Pixels to polygons that, filled again by pixel centre and the even–odd rule, give the very same pixels. A polygon runs
 * through the midpoints between an inner and an outer pixel, so no centre is nearer than a third of a pixel to it and
 * rounding of the coordinates cannot change the mask; corners are cut at 45°, which takes half a pixel from the area
 * of a whole ring. Pixels that touch at a corner only lie in rings of their own; holes are rings too.
 */
import type { LabelArray } from '../../imaging/connectedComponents.ts';

/** One slice of a label map: `width` × `height` values from `offset` on. */
export interface LabelSlice {
  readonly labels: LabelArray;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** First and last column and row that hold a value. */
interface Box {
  firstColumn: number;
  lastColumn: number;
  firstRow: number;
  lastRow: number;
}

/** Up, right, down, left: the pixels of the label lie on the right hand of the walker. Rows grow downwards. */
const STEP_U = [0, 1, 0, -1] as const;
const STEP_V = [-1, 0, 1, 0] as const;

/** Rings of every label value above 0 in the slice: u, v, u, v … in pixels, pixel centres at whole numbers. */
export function traceContours(slice: LabelSlice): Map<number, Float64Array[]> {
  return new Map([...boxesOf(slice)].map(([value, box]) => [value, ringsOf(slice, value, box)]));
}

function boxesOf({ labels, offset, width, height }: LabelSlice): Map<number, Box> {
  const boxes = new Map<number, Box>();
  for (let row = 0, at = offset; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const value = labels[at]!;
      if (value === 0) continue;
      const box = boxes.get(value);
      if (!box) {
        boxes.set(value, { firstColumn: column, lastColumn: column, firstRow: row, lastRow: row });
        continue;
      }
      box.lastRow = row;
      if (column < box.firstColumn) box.firstColumn = column;
      else if (column > box.lastColumn) box.lastColumn = column;
    }
  }
  return boxes;
}

function ringsOf({ labels, offset, width, height }: LabelSlice, value: number, box: Box): Float64Array[] {
  const isInside = (column: number, row: number) =>
    column >= 0 && column < width && row >= 0 && row < height && labels[offset + row * width + column] === value;
  const boxWidth = box.lastColumn - box.firstColumn + 1;
  // every ring walks up along the left side of some pixel; which ones were walked already
  const walkedUp = new Uint8Array(boxWidth * (box.lastRow - box.firstRow + 1));
  const mark = (column: number, row: number) => (row - box.firstRow) * boxWidth + column - box.firstColumn;
  const rings: Float64Array[] = [];
  for (let row = box.firstRow; row <= box.lastRow; row++) {
    for (let column = box.firstColumn; column <= box.lastColumn; column++) {
      if (!isInside(column, row) || isInside(column - 1, row) || walkedUp[mark(column, row)]) continue;
      rings.push(walk(column, row, isInside, (u, v) => (walkedUp[mark(u, v)] = 1)));
    }
  }
  return rings;
}

/** Once around, starting upwards along the left side of the pixel `column`, `row`. */
function walk(column: number, row: number, isInside: (column: number, row: number) => boolean, walkedUp: (column: number, row: number) => void): Float64Array {
  const points: number[] = [];
  // the corner at the end of the side being walked: between the pixels cornerU - 1 and cornerU, cornerV - 1 and cornerV
  let [cornerU, cornerV, heading] = [column, row, 0];
  do {
    points.push(cornerU - 0.5 - STEP_U[heading]! / 2, cornerV - 0.5 - STEP_V[heading]! / 2);
    if (heading === 0) walkedUp(cornerU, cornerV);
    const right = (heading + 1) % 4;
    // the two pixels beyond the corner, on the left and on the right hand
    const aheadU = cornerU - 0.5 + STEP_U[heading]! / 2;
    const aheadV = cornerV - 0.5 + STEP_V[heading]! / 2;
    const rightInside = isInside(aheadU + STEP_U[right]! / 2, aheadV + STEP_V[right]! / 2);
    const leftInside = isInside(aheadU - STEP_U[right]! / 2, aheadV - STEP_V[right]! / 2);
    // of two pixels that touch at the corner only, stay with the one on the right hand
    if (!rightInside) heading = right;
    else if (leftInside) heading = (heading + 3) % 4;
    cornerU += STEP_U[heading]!;
    cornerV += STEP_V[heading]!;
  } while (cornerU !== column || cornerV !== row || heading !== 0);
  return withoutCollinear(points);
}

/** Steps between midpoints that follow each other on one line are equal; only points where the step changes stay. */
function withoutCollinear(points: readonly number[]): Float64Array {
  const count = points.length / 2;
  const kept: number[] = [];
  for (let n = 0; n < count; n++) {
    const [before, after] = [(n + count - 1) % count, (n + 1) % count];
    const isStraight =
      points[2 * n]! - points[2 * before]! === points[2 * after]! - points[2 * n]! &&
      points[2 * n + 1]! - points[2 * before + 1]! === points[2 * after + 1]! - points[2 * n + 1]!;
    if (!isStraight) kept.push(points[2 * n]!, points[2 * n + 1]!);
  }
  return Float64Array.from(kept);
}

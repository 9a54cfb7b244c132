/**
 * Connected components of a label volume by union-find over runs: a run is a stretch of wanted voxels along one row.
 * Memory goes with the number of runs, not of voxels: a CT of 80 million voxels needs no second volume.
 */
import type { ShapeDhw } from './tensorShape.ts';

export type LabelArray = Uint8Array | Uint16Array;

/** 26: faces, edges and corners touch (nnU-Net v2, through scikit-image's default); 6: faces only. */
export type Connectivity = 6 | 26;

export interface ConnectedComponents {
  /** Flat voxel index of the first voxel of each run, ascending, and of the one after its last. */
  readonly begin: Int32Array;
  readonly end: Int32Array;
  /** Of each run, counted from 0 in the order of first appearance. */
  readonly component: Int32Array;
  /** Per component. */
  readonly voxelCounts: Float64Array;
}

/** Components of the voxels whose label is among `wanted`. */
export function connectedComponents(labels: LabelArray, shape: ShapeDhw, wanted: readonly number[], connectivity: Connectivity = 26): ConnectedComponents {
  const { begin, end, rowBegin } = runsOf(labels, shape, membership(labels, wanted));
  const parent = Int32Array.from(begin, (_, run) => run);
  const [nd, nh, nw] = shape;
  const reach = connectivity === 26 ? 1 : 0;
  for (let d = 0; d < nd; d++) {
    for (let h = 0; h < nh; h++) {
      const row = d * nh + h;
      const join = (other: number): void => joinRows(rowBegin, begin, end, parent, other, row, nw, reach);
      if (h > 0) join(row - 1);
      if (d === 0) continue;
      join(row - nh);
      if (reach === 0) continue;
      if (h > 0) join(row - nh - 1);
      if (h < nh - 1) join(row - nh + 1);
    }
  }
  return numbered(begin, end, parent);
}

/**
 * A copy in which the voxels of `wanted` outside the largest component of their union are 0. Of components of equal,
 * largest size all stay, as in nnU-Net v2. Returns `labels` itself when nothing is removed.
 */
export function keepLargestComponent(labels: LabelArray, shape: ShapeDhw, wanted: readonly number[], connectivity: Connectivity = 26): LabelArray {
  const { begin, end, component, voxelCounts } = connectedComponents(labels, shape, wanted, connectivity);
  let largest = 0;
  for (const count of voxelCounts) if (count > largest) largest = count;
  if (voxelCounts.every((count) => count === largest)) return labels;
  const out = labels.slice();
  for (let run = 0; run < begin.length; run++) {
    if (voxelCounts[component[run]!]! < largest) out.fill(0, begin[run]!, end[run]!);
  }
  return out;
}

/** 1 per wanted label; a table over every value the array can hold. */
function membership(labels: LabelArray, wanted: readonly number[]): Uint8Array {
  const table = new Uint8Array(labels instanceof Uint8Array ? 256 : 65_536);
  for (const label of wanted) table[label] = 1;
  return table;
}

interface Runs {
  readonly begin: Int32Array;
  readonly end: Int32Array;
  /** First run of each row; one entry more than rows. */
  readonly rowBegin: Int32Array;
}

function runsOf(labels: LabelArray, [nd, nh, nw]: ShapeDhw, table: Uint8Array): Runs {
  const rows = nd * nh;
  const rowBegin = new Int32Array(rows + 1);
  let count = 0;
  for (let row = 0, n = 0; row < rows; row++) {
    rowBegin[row] = count;
    let before = 0;
    for (const rowEnd = n + nw; n < rowEnd; n++) {
      const now = table[labels[n]!]!;
      if (now > before) count++;
      before = now;
    }
  }
  rowBegin[rows] = count;
  const begin = new Int32Array(count);
  const end = new Int32Array(count);
  for (let row = 0, run = 0; row < rows; row++) {
    if (rowBegin[row] === rowBegin[row + 1]) continue;
    const rowEnd = (row + 1) * nw;
    for (let n = row * nw; n < rowEnd; n++) {
      if (table[labels[n]!] === 0) continue;
      begin[run] = n;
      while (n < rowEnd && table[labels[n]!] === 1) n++;
      end[run++] = n;
    }
  }
  return { begin, end, rowBegin };
}

/** Unites the runs of two rows that touch; both lists ascend, so one walk over them is enough. */
function joinRows(rowBegin: Int32Array, begin: Int32Array, end: Int32Array, parent: Int32Array, rowA: number, rowB: number, nw: number, reach: number): void {
  let a = rowBegin[rowA]!;
  let b = rowBegin[rowB]!;
  const aStop = rowBegin[rowA + 1]!;
  const bStop = rowBegin[rowB + 1]!;
  const shift = (rowB - rowA) * nw; // what makes columns of row A columns of row B
  while (a < aStop && b < bStop) {
    const aBegin = begin[a]! + shift;
    const aEnd = end[a]! + shift;
    if (aBegin < end[b]! + reach && begin[b]! < aEnd + reach) unite(parent, a, b);
    if (aEnd < end[b]!) a++;
    else b++;
  }
}

function rootOf(parent: Int32Array, run: number): number {
  let root = run;
  while (parent[root] !== root) {
    parent[root] = parent[parent[root]!]!; // halves the path
    root = parent[root]!;
  }
  return root;
}

/** The smaller number becomes the root, so roots come first in order of appearance. */
function unite(parent: Int32Array, a: number, b: number): void {
  const rootA = rootOf(parent, a);
  const rootB = rootOf(parent, b);
  if (rootA < rootB) parent[rootB] = rootA;
  else parent[rootA] = rootB;
}

function numbered(begin: Int32Array, end: Int32Array, parent: Int32Array): ConnectedComponents {
  const component = new Int32Array(begin.length);
  const counts: number[] = [];
  for (let run = 0; run < begin.length; run++) {
    const root = rootOf(parent, run);
    if (root === run) component[run] = counts.push(0) - 1;
    else component[run] = component[root]!;
    counts[component[run]!]! += end[run]! - begin[run]!;
  }
  return { begin, end, component, voxelCounts: Float64Array.from(counts) };
}

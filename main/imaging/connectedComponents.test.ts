import { describe, expect, it } from 'vitest';
import { connectedComponents, keepLargestComponent, type Connectivity } from './connectedComponents.ts';
import { seededRandom } from './phantom.ts';
import type { ShapeDhw } from './tensorShape.ts';

/** Component of every voxel (-1: none) by flood fill over explicit neighbours: slow, plain, independent of runs. */
function floodFill(mask: Uint8Array, [nd, nh, nw]: ShapeDhw, connectivity: Connectivity): { of: Int32Array; sizes: number[] } {
  const of = new Int32Array(mask.length).fill(-1);
  const sizes: number[] = [];
  const steps = [-1, 0, 1].flatMap((d) => [-1, 0, 1].flatMap((h) => [-1, 0, 1].map((w) => [d, h, w] as const)));
  const near = steps.filter(([d, h, w]) => (connectivity === 26 ? d !== 0 || h !== 0 || w !== 0 : Math.abs(d) + Math.abs(h) + Math.abs(w) === 1));
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || of[seed] !== -1) continue;
    const id = sizes.push(0) - 1;
    const stack = [seed];
    of[seed] = id;
    for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
      sizes[id]!++;
      const [d, h, w] = [Math.floor(n / (nh * nw)), Math.floor(n / nw) % nh, n % nw];
      for (const [dd, dh, dw] of near) {
        const [z, y, x] = [d + dd, h + dh, w + dw];
        if (z < 0 || y < 0 || x < 0 || z >= nd || y >= nh || x >= nw) continue;
        const m = (z * nh + y) * nw + x;
        if (mask[m] && of[m] === -1) {
          of[m] = id;
          stack.push(m);
        }
      }
    }
  }
  return { of, sizes };
}

describe.each([6, 26] as const)('connected components, %i neighbours', (connectivity) => {
  it.each([0.08, 0.2, 0.35, 0.6, 0.95])('are those of a flood fill (density %f)', (density) => {
    const random = seededRandom(Math.round(density * 100) + connectivity);
    for (const shape of [
      [1, 1, 9],
      [7, 9, 11],
      [1, 13, 8],
      [12, 1, 5],
      [6, 8, 1],
    ] as const) {
      const labels = Uint8Array.from({ length: shape[0] * shape[1] * shape[2] }, () => (random() < density ? 1 + Math.floor(random() * 3) : 0));
      const wanted = [1, 3];
      const expected = floodFill(
        labels.map((label) => Number(wanted.includes(label))),
        shape,
        connectivity,
      );
      const actual = connectedComponents(labels, shape, wanted, connectivity);
      const of = new Int32Array(labels.length).fill(-1);
      actual.begin.forEach((begin, run) => of.fill(actual.component[run]!, begin, actual.end[run]!));
      expect([...of]).toEqual([...expected.of]);
      expect([...actual.voxelCounts]).toEqual(expected.sizes);
    }
  });
});

describe('keeping the largest component', () => {
  const shape = [1, 5, 6] as const;
  const labels = Uint8Array.from([1, 1, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 3, 1, 0, 0, 3, 3, 3]);

  it('takes the union of the wanted labels: a touching other label belongs to it', () => {
    const kept = keepLargestComponent(labels, shape, [1, 2]);
    expect([...kept.subarray(0, 18)]).toEqual([1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 3]);
    expect(kept[24]).toBe(0); // the lone 1
    expect(kept[29]).toBe(3); // 3 is not asked for
  });

  it('separates what only corners join under 6 neighbours', () => {
    expect(keepLargestComponent(labels, shape, [1, 2], 6)[14]).toBe(0);
  });

  it('keeps all of several largest ones, as nnU-Net v2, and copies nothing then', () => {
    const two = Uint8Array.from([1, 1, 0, 1, 1, 0]);
    expect(keepLargestComponent(two, [1, 1, 6], [1])).toBe(two);
  });

  it('leaves its input alone and works on 16-bit labels', () => {
    const wide = Uint16Array.from([300, 300, 0, 300, 7]);
    expect([...keepLargestComponent(wide, [1, 1, 5], [300])]).toEqual([300, 300, 0, 0, 7]);
    expect(wide[3]).toBe(300);
  });

  it('is content with nothing to do', () => {
    const empty = new Uint8Array(8);
    expect(keepLargestComponent(empty, [2, 2, 2], [1])).toBe(empty);
  });
});

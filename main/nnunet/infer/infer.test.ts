/** The sliding window against its definition, summed in float64 over a padded copy: no slabs, no batches, no tricks. */
import { describe, expect, it } from 'vitest';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { inferPlanes, type InferSpec } from './infer.ts';
import { patchDhw } from '../patchWindow.ts';
import { importanceMap, windowOrigins, windowStarts } from './windows.ts';
import { imageSource, withOneHotClasses } from './windowSource.ts';

const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const imageOf = (shape: ShapeDhw, channels: number): Float32Array =>
  Float32Array.from({ length: countOf(shape) * channels }, (_, n) => Math.sin(n * 0.37) + ((n * 29) % 13) / 13);

/** Depends on the place in the window, so that blending and mirroring matter. Windows [N, …patch, C] → [N, …patch, outputs]. */
function formulaNetwork(spec: InferSpec, channels: number): (windows: Float32Array) => Float32Array {
  const voxels = countOf(spec.patch);
  return (windows) => {
    const count = windows.length / (voxels * channels);
    expect(count).toBeLessThanOrEqual(spec.batchSize);
    return Float32Array.from({ length: count * voxels * spec.outputs }, (_, n) => {
      const voxel = Math.floor(n / spec.outputs);
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += windows[voxel * channels + c]! * (c + 1);
      return Math.tanh(sum + (n % spec.outputs)) * (1 + ((voxel % voxels) % 7));
    });
  };
}

/** [D·H·W·outputs] in float64. */
function reference(image: Float32Array, shape: ShapeDhw, channels: number, spec: InferSpec): Float64Array {
  const patch = patchDhw(spec.patch);
  const network = formulaNetwork({ ...spec, batchSize: 1 }, channels);
  const importance = importanceMap(patch, spec.blend);
  const sum = new Float64Array(countOf(shape) * spec.outputs);
  const weight = new Float64Array(countOf(shape));
  const places = Array.from(
    { length: countOf(patch) },
    (_, n) => [Math.floor(n / (patch[1] * patch[2])), Math.floor(n / patch[2]) % patch[1], n % patch[2]] as const,
  );
  const flips = spec.mirror
    ? Array.from({ length: 8 }, (_, bits) => [bits & 4, bits & 2, bits & 1].map(Boolean)).filter(([d]) => spec.patch.length === 3 || !d)
    : [[false, false, false]];
  for (const origin of windowOrigins(shape, patch, spec.overlap)) {
    const inVolume = (place: readonly number[]): number => {
      const at = place.map((n, axis) => n + origin[axis]!);
      return at.some((n, axis) => n < 0 || n >= shape[axis]!) ? -1 : (at[0]! * shape[1] + at[1]!) * shape[2] + at[2]!;
    };
    for (const flip of flips) {
      const flipped = (place: readonly number[]): number[] => place.map((n, axis) => (flip[axis] ? patch[axis]! - 1 - n : n));
      const window = new Float32Array(countOf(patch) * channels);
      places.forEach((place, n) => {
        const from = inVolume(flipped(place));
        for (let c = 0; c < channels; c++) window[n * channels + c] = from < 0 ? 0 : image[c * countOf(shape) + from]!;
      });
      const logits = network(window);
      places.forEach((place, n) => {
        const back = flipped(place);
        const to = inVolume(back);
        if (to < 0) return;
        const factor = importance[(back[0]! * patch[1] + back[1]!) * patch[2] + back[2]!]! / flips.length;
        weight[to]! += factor;
        for (let c = 0; c < spec.outputs; c++) sum[to * spec.outputs + c]! += factor * logits[n * spec.outputs + c]!;
      });
    }
  }
  return sum.map((value, n) => value / weight[Math.floor(n / spec.outputs)]!);
}

async function inferred(
  image: Float32Array,
  shape: ShapeDhw,
  channels: number,
  spec: InferSpec,
  predict = formulaNetwork(spec, channels),
): Promise<Float32Array> {
  const out = new Float32Array(countOf(shape) * spec.outputs);
  let d = 0;
  const hooks = { predict, mayGoOn: () => Promise.resolve(true) };
  for await (const plane of inferPlanes(imageSource(image, shape, channels), shape, spec, hooks)) out.set(plane, d++ * plane.length);
  expect(d).toBe(shape[0]);
  return out;
}

const base: InferSpec = { patch: [4, 6, 5], outputs: 3, mirror: false, overlap: 0.5, blend: 'gaussian', batchSize: 1 };

describe('the sliding window equals its definition', () => {
  it.each<[string, ShapeDhw, Partial<InferSpec>]>([
    ['one window', [4, 6, 5], {}],
    ['many', [11, 13, 9], {}],
    ['batches across planes', [11, 13, 9], { batchSize: 7 }],
    ['mirrored', [6, 7, 9], { mirror: true, batchSize: 2 }],
    ['the seed: quarter overlap, constant', [11, 13, 9], { overlap: 0.25, blend: 'constant' }],
    ['the seed: flat Gaussian', [11, 13, 9], { overlap: 0.25, blend: 'flatGaussian' }],
    ['no overlap', [9, 13, 11], { overlap: 0, batchSize: 4 }],
    ['smaller than the patch along one axis', [3, 13, 9], {}],
    ['smaller than the patch everywhere (seed defect 7)', [2, 3, 4], { mirror: true }],
    ['one voxel', [1, 1, 1], {}],
    ['slices', [7, 13, 9], { patch: [6, 4], batchSize: 5 }],
    ['slices smaller than the patch, mirrored', [5, 3, 4], { patch: [6, 4], batchSize: 8, mirror: true }],
  ])('%s', async (_, shape, change) => {
    const spec = { ...base, ...change };
    const image = imageOf(shape, 2);
    const expected = reference(image, shape, 2, spec);
    const actual = await inferred(image, shape, 2, spec);
    expect(Math.max(...actual.map((value, n) => Math.abs(value - expected[n]!)))).toBeLessThan(1e-5);
  });

  it('divides by the true sum of weights: a constant stays what it is, at the corners too (seed defect 6)', async () => {
    const spec: InferSpec = { ...base, patch: [8, 8, 8] };
    const result = await inferred(imageOf([12, 9, 8], 1), [12, 9, 8], 1, spec, (windows) => new Float32Array(windows.length * 3).fill(5));
    for (const value of result) expect(Math.abs(value - 5)).toBeLessThan(1e-5);
  });

  it('hands on planes as soon as no window adds to them', async () => {
    const shape: ShapeDhw = [20, 6, 5];
    let calls = 0;
    const predict = (windows: Float32Array): Float32Array => {
      calls++;
      return new Float32Array(windows.length * 3);
    };
    const callsAtPlane: number[] = [];
    for await (const plane of inferPlanes(imageSource(imageOf(shape, 1), shape, 1), shape, base, { predict, mayGoOn: () => Promise.resolve(true) }))
      callsAtPlane.push(plane.length && calls);
    // windows begin at 0, 2, 4, …: planes 0 and 1 are whole after the first, 2 and 3 after the second
    expect(callsAtPlane.slice(0, 6)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(callsAtPlane.at(-1)).toBe(9);
  });

  it('ends early when told to give up', async () => {
    const shape: ShapeDhw = [20, 6, 5];
    const hooks = { predict: formulaNetwork(base, 1), mayGoOn: (done: number) => Promise.resolve(done < 3) };
    let planes = 0;
    for await (const plane of inferPlanes(imageSource(imageOf(shape, 1), shape, 1), shape, base, hooks)) planes += Math.min(1, plane.length);
    expect(planes).toBeLessThan(20);
  });
});

describe('windows', () => {
  it('lie as nnU-Net v2 lays them', () => {
    expect(windowStarts(110, 64, 0.5)).toEqual([0, 23, 46]);
    expect(windowStarts(64, 64, 0.5)).toEqual([0]);
    expect(windowStarts(10, 15, 0.5)).toEqual([-2]);
    expect(windowStarts(3, 1, 0.5)).toEqual([0, 1, 2]);
    expect(windowStarts(129, 64, 0)).toEqual([0, 32, 65]);
    expect(windowStarts(13, 8, 0.5)).toEqual([0, 2, 5]); // 2.5 goes to the even neighbour, as in numpy
  });

  it.each([0, 0.25, 0.5, 0.9])('leave no voxel out (overlap %f)', (overlap) => {
    for (let size = 5; size < 60; size++) {
      const starts = windowStarts(size, 5, overlap);
      expect(starts[0]).toBe(0);
      expect(starts.at(-1)).toBe(size - 5);
      starts.slice(1).forEach((start, n) => expect(start - starts[n]!).toBeLessThanOrEqual(5));
    }
  });

  it('weigh as a Gaussian of an eighth of the patch; the seed takes its cube root in 3D, its square root in 2D', () => {
    const [v2, seed] = [importanceMap([8, 16, 32], 'gaussian'), importanceMap([8, 16, 32], 'flatGaussian')];
    const at = (4 * 16 + 8) * 32 + 16;
    expect(v2[at]).toBe(1);
    expect(v2[at + 4]).toBeCloseTo(Math.exp(-0.5), 6);
    expect(Math.min(...v2)).toBeGreaterThan(0);
    v2.forEach((value, n) => expect(Math.abs(Math.cbrt(value) - seed[n]!)).toBeLessThan(1e-6));
    const slice = importanceMap([1, 16, 32], 'gaussian');
    importanceMap([1, 16, 32], 'flatGaussian').forEach((value, n) => expect(Math.abs(Math.sqrt(slice[n]!) - value)).toBeLessThan(1e-6));
    expect(new Set(importanceMap([2, 3, 4], 'constant'))).toEqual(new Set([1]));
  });
});

it('shows a second stage the classes of the first, one-hot, nothing outside the volume', async () => {
  const shape: ShapeDhw = [1, 2, 3];
  const source = withOneHotClasses(imageSource(Float32Array.of(10, 11, 12, 13, 14, 15), shape, 1), Uint8Array.of(0, 1, 2, 2, 0, 1), shape, 2);
  expect(source.channels).toBe(3);
  const out = new Float32Array(3 * 8 + 1).fill(-1);
  await source.read([0, 1, 1], [1, 2, 3], out, 1);
  expect([...out.subarray(0, 19)]).toEqual([-1, 14, 0, 0, 15, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

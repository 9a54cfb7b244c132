import { describe, expect, it } from 'vitest';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import { Random } from '../random.ts';
import { blur, lowerResolution } from './filters.ts';
import { emptySample } from './sample.ts';
import { zoomSample } from './zoom.ts';

const shape = [7, 9, 8] as const;
const random = Random.fromSeed(4);
const noise = Float32Array.from({ length: 504 }, () => random.normal());
const at = (values: ArrayLike<number>, [d, h, w]: readonly number[], [, nh, nw]: ShapeDhw = shape) => values[(d! * nh + h!) * nw + w!]!;

function expectEveryVoxel(values: Float32Array, expected: (place: readonly [number, number, number]) => number): void {
  for (let d = 0; d < shape[0]; d++)
    for (let h = 0; h < shape[1]; h++) for (let w = 0; w < shape[2]; w++) expect(Math.abs(at(values, [d, h, w]) - expected([d, h, w]))).toBeLessThan(2e-6);
}

describe('blur', () => {
  it('is the convolution with a Gaussian of its σ along each axis, lines mirrored at their ends', () => {
    const sigma = [0.6, 0.9, 0.5];
    const blurred = noise.slice();
    blur(blurred, shape, sigma, new Float32Array(504));
    const mirrored = (place: number, count: number) => (place < 0 ? -place : place >= count ? 2 * (count - 1) - place : place);
    const kernel = (s: number) => {
      const radius = Math.ceil(3 * s);
      const values = Array.from({ length: 2 * radius + 1 }, (_, n) => [n - radius, Math.exp(-((n - radius) ** 2) / (2 * s * s))] as const);
      const sum = values.reduce((total, [, value]) => total + value, 0);
      return values.map(([offset, value]) => [offset, value / sum] as const);
    };
    const [kd, kh, kw] = sigma.map(kernel);
    expectEveryVoxel(blurred, ([d, h, w]) => {
      let sum = 0;
      for (const [a, p] of kd!)
        for (const [b, q] of kh!) for (const [c, r] of kw!) sum += p * q * r * at(noise, [mirrored(d + a, 7), mirrored(h + b, 9), mirrored(w + c, 8)]);
      return sum;
    });
  });

  it('spreads an impulse by σ² and keeps its sum', () => {
    const impulse = new Float32Array(41).fill(0);
    impulse[20] = 1;
    blur(impulse, [1, 1, 41], [1, 1, 1], new Float32Array(41));
    expect(impulse.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
    // Σ k² exp(−k²/2) / Σ exp(−k²/2) over k = −3 … 3
    expect(impulse.reduce((sum, value, n) => sum + value * (n - 20) ** 2, 0)).toBeCloseTo(0.9959, 3);
  });

  it('leaves constants and single slices as they are', () => {
    const flat = new Float32Array(504).fill(2.5);
    blur(flat, shape, [1, 1, 1], new Float32Array(504));
    expect(flat.every((value) => Math.abs(value - 2.5) < 1e-6)).toBe(true);
    const single = Float32Array.of(1, 5, 2);
    blur(single, [3, 1, 1], [0.5, 1, 1], new Float32Array(3));
    expect(single[1]).toBeLessThan(5);
  });
});

describe('lowerResolution', () => {
  it('is nearest sampling down and linear sampling up, axis by axis', () => {
    const scale = 0.6;
    const lowered = noise.slice();
    lowerResolution(lowered, shape, scale, [0, 1, 2], new Float32Array(504));
    const few = shape.map((count) => Math.round(count * scale));
    const coarse = (place: readonly number[]) =>
      at(
        noise,
        place.map((value, axis) => Math.floor(((value + 0.5) * shape[axis]!) / few[axis]!)),
      );
    expectEveryVoxel(lowered, (place) => {
      const ends = place.map((value, axis) => {
        const x = Math.min(few[axis]! - 1, Math.max(0, ((value + 0.5) * few[axis]!) / shape[axis]! - 0.5));
        return [Math.floor(x), Math.min(few[axis]! - 1, Math.floor(x) + 1), x - Math.floor(x)] as const;
      });
      let sum = 0;
      for (let corner = 0; corner < 8; corner++) {
        const sides = ends.map(([low, high, part], axis) => ((corner >> axis) & 1 ? [high, part] : [low, 1 - part]) as [number, number]);
        sum += sides.reduce((product, [, weight]) => product * weight, 1) * coarse(sides.map(([place]) => place));
      }
      return sum;
    });
  });

  it('does not touch an axis that is exempt', () => {
    const slices = Float32Array.from({ length: 504 }, (_, n) => Math.floor(n / 72));
    lowerResolution(slices, shape, 0.5, [1, 2], new Float32Array(504));
    expectEveryVoxel(slices, ([d]) => d);
  });
});

describe('zoomSample', () => {
  it('stretches the middle: cubic convolution is exact on parabolas, classes come from the nearest voxel', () => {
    const sample = emptySample([20, 20, 20], 1, new Uint8Array(8000));
    const parabola = (h: number, w: number) => 0.1 * h * h - 0.3 * w * h + w - 2;
    for (let n = 0; n < 8000; n++) {
      sample.image[n] = parabola(Math.floor(n / 20) % 20, n % 20);
      sample.classes[n] = n % 20;
    }
    zoomSample(sample, 0.7, [1, 2]);
    // 14 of 20 voxels, from voxel 3 on
    const place = (n: number) => 3 + ((n + 0.5) * 14) / 20 - 0.5;
    // where all four neighbours lie in the crop
    for (let h = 3; h < 17; h++)
      for (let w = 3; w < 17; w++)
        for (const d of [0, 19]) {
          expect(Math.abs(sample.image[(d * 20 + h) * 20 + w]! - parabola(place(h), place(w)))).toBeLessThan(1e-4);
        }
    for (let w = 0; w < 20; w++) expect(Math.abs(sample.classes[w]! - place(w))).toBeLessThanOrEqual(0.5);
  });
});

import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { addNoise, applyGamma, brightenAroundHalf, multiply, stretchContrast } from './intensity.ts';
import { emptySample } from './sample.ts';

const random = Random.fromSeed(9);
const values = Float32Array.from({ length: 5000 }, () => random.normal() * 2 - 1);
const mean = (list: ArrayLike<number>) => Array.from(list).reduce((sum, value) => sum + value, 0) / list.length;
const deviation = (list: ArrayLike<number>) => {
  const middle = mean(list);
  return Math.sqrt(mean(Array.from(list, (value) => (value - middle) ** 2)));
};
function expectClose(changed: Float32Array, expected: readonly number[]): void {
  changed.forEach((value, n) => expect(Math.abs(value - expected[n]!)).toBeLessThan(2e-5));
}

describe('grey values', () => {
  it('noise is normal', () => {
    const sample = emptySample([1, 1, 40_000], 1, new Uint8Array(40_000));
    addNoise(sample, 0.2, true, random);
    expect(Math.abs(mean(sample.image))).toBeLessThan(0.004);
    expect(deviation(sample.image) / 0.2).toBeCloseTo(1, 1);
    const kurtosis = mean(sample.image.map((value) => (value / 0.2) ** 4));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.2);
  });

  it('multiply and contrast are their formulas; contrast keeps the range', () => {
    const product = values.slice();
    multiply(product, 1.2);
    expectClose(
      product,
      Array.from(values, (value) => value * 1.2),
    );
    const stretched = values.slice();
    stretchContrast(stretched, 1.25);
    const [m, low, high] = [mean(values), Math.min(...values), Math.max(...values)];
    expectClose(
      stretched,
      Array.from(values, (value) => Math.min(high, Math.max(low, m + 1.25 * (value - m)))),
    );
    expect(Math.max(...stretched)).toBe(high);
  });

  it('the seed turns the contrast around 0.5', () => {
    const changed = values.slice();
    brightenAroundHalf(changed, 0.8, 1.4);
    expectClose(
      changed,
      Array.from(values, (value) => 0.8 * (0.5 + 1.4 * (value - 0.5))),
    );
  });

  it.each([false, true])('gamma is a power on the range 0 … 1 that keeps mean and deviation (inverted: %s)', (isInverted) => {
    const changed = values.slice();
    applyGamma(changed, 1.4, isInverted);
    const sign = isInverted ? -1 : 1;
    const seen = Array.from(values, (value) => sign * value);
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    const power = seen.map((value) => low + (high - low) * ((value - low) / (high - low)) ** 1.4);
    const [scale, powerMean, seenMean] = [deviation(seen) / deviation(power), mean(power), mean(seen)];
    expectClose(
      changed,
      power.map((value) => sign * ((value - powerMean) * scale + seenMean)),
    );
    expect(mean(changed)).toBeCloseTo(mean(values), 4);
    expect(deviation(changed)).toBeCloseTo(deviation(values), 4);
  });

  it('gamma leaves a constant image alone', () => {
    const flat = new Float32Array(10).fill(3);
    applyGamma(flat, 0.7, true);
    expect([...flat]).toEqual(new Array<number>(10).fill(3));
  });
});

import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { CaseWindow } from '../train/trainingCase.ts';
import { poseMatrix, type Box } from './pose.ts';
import { resamplePose } from './resamplePose.ts';
import { emptySample } from './sample.ts';

const patch = [9, 11, 10] as const;
const origin = [20, 19, 21] as const;
const wholeBox: Box = { originDhw: [0, 0, 0], shapeDhw: [50, 50, 50] };

function windowBy(shape: ShapeDhw, imageAt: (d: number, h: number, w: number) => number, classAt: (d: number, h: number, w: number) => number): CaseWindow {
  const places = Array.from(
    { length: shape[0] * shape[1] * shape[2] },
    (_, n) => [Math.floor(n / (shape[1] * shape[2])), Math.floor(n / shape[2]) % shape[1], n % shape[2]] as const,
  );
  return { image: Float32Array.from(places, ([d, h, w]) => imageAt(d, h, w)), classes: Uint8Array.from(places, ([d, h, w]) => classAt(d, h, w)), inside: null };
}

/** Where voxel [d, h, w] of the patch looks, by the definition. */
function sourceOf(matrix: Float64Array, target: readonly number[]): number[] {
  const centered = target.map((value, axis) => value - (patch[axis]! - 1) / 2);
  return [0, 1, 2].map(
    (axis) => origin[axis]! + (patch[axis]! - 1) / 2 + [0, 1, 2].reduce((sum, other) => sum + matrix[axis * 3 + other]! * centered[other]!, 0),
  );
}

function eachVoxel(visit: (target: readonly [number, number, number], n: number) => void): void {
  let n = 0;
  for (let d = 0; d < patch[0]; d++) for (let h = 0; h < patch[1]; h++) for (let w = 0; w < patch[2]; w++) visit([d, h, w], n++);
}

const randomPose = (random: Random) =>
  poseMatrix(
    [0, 1, 2].map(() => random.between(-0.5, 0.5)),
    [1, 1, 1].map(() => random.between(0.7, 1.4)),
  );
const makeSample = () => emptySample(patch, 1, new Uint8Array(patch[0] * patch[1] * patch[2]));

describe('resamplePose', () => {
  it('shows a ramp where it lies: linear interpolation is exact on it', () => {
    const random = Random.fromSeed(1);
    const ramp = (d: number, h: number, w: number) => 0.5 * d - 1.25 * h + 2 * w + 3;
    const window = windowBy(wholeBox.shapeDhw, ramp, () => 1);
    for (let n = 0; n < 20; n++) {
      const matrix = randomPose(random);
      const sample = makeSample();
      resamplePose(window, wholeBox, matrix, origin, sample);
      eachVoxel((target, at) => {
        const [d, h, w] = sourceOf(matrix, target);
        expect(Math.abs(sample.image[at]! - ramp(d!, h!, w!))).toBeLessThan(1e-4);
      });
      expect(sample.classes.every((value) => value === 1)).toBe(true);
    }
  });

  it('gives each voxel the class with the largest interpolated share', () => {
    const random = Random.fromSeed(2);
    const classes = windowBy(
      wholeBox.shapeDhw,
      () => 0,
      () => random.below(4),
    ).classes;
    const share = (value: number, d: number, h: number, w: number): number => {
      let sum = 0;
      for (let a = 0; a < 50; a++) {
        const wd = 1 - Math.abs(d - a);
        if (wd <= 0) continue;
        for (let b = Math.floor(h); b < h + 1; b++)
          for (let c = Math.floor(w); c < w + 1; c++) if (classes[(a * 50 + b) * 50 + c] === value) sum += wd * (1 - Math.abs(h - b)) * (1 - Math.abs(w - c));
      }
      return sum;
    };
    const matrix = randomPose(random);
    const sample = makeSample();
    resamplePose({ image: new Float32Array(125_000), classes, inside: null }, wholeBox, matrix, origin, sample);
    eachVoxel((target, at) => {
      const [d, h, w] = sourceOf(matrix, target);
      const shares = [0, 1, 2, 3].map((value) => share(value, d!, h!, w!));
      expect(shares[sample.classes[at]!]!).toBeCloseTo(Math.max(...shares), 9);
    });
  });

  it('a quarter turn of a cube with one mark moves the mark', () => {
    const cube: Box = { originDhw: [0, 0, 0], shapeDhw: [5, 5, 5] };
    const mark = (d: number, h: number, w: number) => (d === 1 && h === 0 && w === 3 ? 2 : 0);
    const turn = (axis: number) => {
      const sample = emptySample([5, 5, 5], 1, new Uint8Array(125));
      const angles = [0, 0, 0];
      angles[axis] = Math.PI / 2;
      resamplePose(windowBy([5, 5, 5], mark, mark), cube, poseMatrix(angles, [1, 1, 1]), [0, 0, 0], sample);
      const at = sample.classes.indexOf(2);
      expect(sample.classes.filter((value) => value > 0)).toHaveLength(1);
      expect(sample.image[at]).toBeCloseTo(2, 6);
      return [Math.floor(at / 25), Math.floor(at / 5) % 5, at % 5];
    };
    // seen from the middle the mark lies at (−1, −2, 1); the patch is turned, so the mark goes the other way
    expect(turn(0)).toEqual([1, 3, 4]);
    expect(turn(1)).toEqual([1, 0, 1]);
    expect(turn(2)).toEqual([0, 3, 3]);
  });

  it('leaves a patch that is not turned as it is, and shows nothing outside the window', () => {
    const noise = windowBy(
      [9, 11, 10],
      (d, h, w) => Math.sin(d * 100 + h * 10 + w) + 2,
      (d, h, w) => 1 + ((d + h + w) % 3),
    );
    const box: Box = { originDhw: [20, 19, 21], shapeDhw: [9, 11, 10] };
    const same = makeSample();
    resamplePose({ ...noise, inside: new Uint8Array(990).fill(1) }, box, poseMatrix([0, 0, 0], [1, 1, 1]), origin, same);
    expect(same.image).toEqual(noise.image);
    expect(same.classes).toEqual(noise.classes);
    const wide = makeSample();
    resamplePose(noise, box, poseMatrix([0, 0, 0], [2, 2, 2]), origin, wide);
    // at twice the step, the outer quarter on either side shows what lies outside
    eachVoxel((target, at) => {
      const isOutside = target.some((value, axis) => Math.abs(2 * (value - (patch[axis]! - 1) / 2)) >= (patch[axis]! + 1) / 2);
      if (isOutside) expect([wide.image[at], wide.classes[at], wide.inside[at]]).toEqual([0, 0, 0]);
      else expect(wide.image[at]).toBeGreaterThan(0);
    });
  });

  it('turns the mask with the image', () => {
    const window = windowBy(
      wholeBox.shapeDhw,
      (d) => d,
      () => 0,
    );
    const inside = Uint8Array.from(window.image, (d) => (d < 24 ? 1 : 0));
    const matrix = poseMatrix([0, 0.4, 0], [1, 1, 1]);
    const sample = makeSample();
    resamplePose({ ...window, inside }, wholeBox, matrix, origin, sample);
    eachVoxel((target, at) => {
      const [d] = sourceOf(matrix, target);
      // half-way between the last voxel inside and the first outside
      if (Math.abs(d! - 23.5) > 1e-6) expect(sample.inside[at]).toBe(d! < 23.5 ? 1 : 0);
    });
  });
});

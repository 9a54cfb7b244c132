import { describe, expect, it } from 'vitest';
import { Random } from '../random.ts';
import { poseRangesFor } from './augmentation.ts';
import { drawPose, poseMatrix, poseWindow, roomAround } from './pose.ts';
import { expectProbability, expectUniform } from './testing/distribution.ts';

const cubic = poseRangesFor([40, 56, 40]);
const flat = poseRangesFor([20, 320, 256]);

describe('which turns a patch gets', () => {
  it.each([
    ['a 3D patch', [64, 192, 192], [30, 30, 30], false],
    ['a 3D patch of few slices', [20, 320, 256], [180, 0, 0], true],
    ['a 2D patch', [512, 512], [180, 0, 0], true],
    ['a 2D patch up to 1.5 times as long as wide', [56, 40], [180, 0, 0], true],
    ['a longer one', [320, 192], [15, 0, 0], true],
  ] as const)('%s', (_, patch, largestDegDhw, isInPlane) => {
    expect(poseRangesFor(patch)).toMatchObject({ rotation: { probability: 0.2, largestDegDhw }, scaling: { probability: 0.2, factor: [0.7, 1.4] }, isInPlane });
  });
});

describe('drawPose', () => {
  it('turns a fifth of the patches and scales a fifth, independently, uniformly', () => {
    const random = Random.fromSeed(5);
    const count = 10_000;
    const drawn = Array.from({ length: count }, () => drawPose(cubic, random)).filter((matrix) => matrix !== null);
    expectProbability(drawn.length, count, 1 - 0.8 * 0.8);
    const scales = drawn.map((m) => Math.hypot(m[0]!, m[3]!, m[6]!));
    const scaled = scales.filter((scale) => Math.abs(scale - 1) > 1e-9);
    expectProbability(scaled.length, count, 0.2);
    expectUniform(scaled, 0.7, 1.4);
    // R = Rd(α) · Rh(β) · Rw(γ): the angles read off its entries
    const turned = drawn.map((m, n) => m.map((value) => value / scales[n]!)).filter((m) => Math.abs(m[0]! - 1) > 1e-12);
    expectProbability(turned.length, count, 0.2);
    const degrees = (value: number) => (value * 180) / Math.PI;
    expectUniform(
      turned.map((m) => degrees(Math.atan2(-m[5]!, m[8]!))),
      -30,
      30,
    );
    expectUniform(
      turned.map((m) => degrees(Math.asin(m[2]!))),
      -30,
      30,
    );
    expectUniform(
      turned.map((m) => degrees(Math.atan2(-m[1]!, m[0]!))),
      -30,
      30,
    );
    const both = drawn.filter((m, n) => Math.abs(scales[n]! - 1) > 1e-9 && Math.abs(m[1]!) > 1e-12);
    expectProbability(both.length, count, 0.04);
  });

  it('keeps slices of flat patches slices', () => {
    const random = Random.fromSeed(6);
    const drawn = Array.from({ length: 5000 }, () => drawPose(flat, random)).filter((matrix) => matrix !== null);
    for (const m of drawn) expect([0, 1, 2, 3, 6].map((at) => Math.abs(m[at]!))).toEqual([1, 0, 0, 0, 0]);
    const angles = drawn.filter((m) => Math.abs(m[5]!) > 1e-12).map((m) => (Math.atan2(m[7]!, m[8]!) * 180) / Math.PI);
    expectUniform(angles, -180, 180);
  });

  it('is the same for the same random state', () => {
    const random = Random.fromSeed(7);
    const saved = random.state;
    const first = Array.from({ length: 50 }, () => drawPose(cubic, random));
    const again = Random.fromState(saved);
    expect(Array.from({ length: 50 }, () => drawPose(cubic, again))).toEqual(first);
  });
});

describe('the window of a pose', () => {
  it('leaves the room that v2 leaves', () => {
    // 128 · (cos 30° + sin 30°) / 0.85 = 205.7; a 2D patch turned to its diagonal √(56² + 40²) / 0.85 = 80.96
    expect(roomAround([128, 128, 128], cubic)).toEqual([205, 205, 205]);
    expect(roomAround([1, 56, 40], poseRangesFor([56, 40]))).toEqual([1, 80, 80]);
  });

  it('holds every voxel that a turn within the limits shows, and no slice more', () => {
    const random = Random.fromSeed(8);
    const patch = [8, 11, 10] as const;
    const origin = [3, -2, 5] as const;
    for (let n = 0; n < 200; n++) {
      const angles = [0, 1, 2].map(() => 0);
      angles[n % 3] = random.between(-Math.PI / 6, Math.PI / 6);
      const matrix = poseMatrix(
        angles,
        [1, 1, 1].map(() => random.between(0.7, 1 / 0.85)),
      );
      const { originDhw, shapeDhw } = poseWindow(matrix, origin, patch, cubic);
      for (const axis of [0, 1, 2] as const) {
        let [low, high] = [Infinity, -Infinity];
        for (let corner = 0; corner < 8; corner++) {
          const t = patch.map((count, other) => ((corner >> other) & 1 ? 1 : -1) * ((count - 1) / 2));
          const place = origin[axis] + (patch[axis] - 1) / 2 + t.reduce((sum, value, other) => sum + matrix[axis * 3 + other]! * value, 0);
          [low, high] = [Math.min(low, place), Math.max(high, place)];
        }
        // v2 leaves room for one turn at a time: a window may be cut there, by less than a voxel at either end
        expect(originDhw[axis]).toBeLessThan(low + 1);
        expect(originDhw[axis]).toBeGreaterThan(low - 1.001);
        expect(originDhw[axis] + shapeDhw[axis]).toBeGreaterThan(high - 1e-6);
        expect(originDhw[axis] + shapeDhw[axis]).toBeLessThan(high + 2.001);
      }
    }
  });
});

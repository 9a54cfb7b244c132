import { describe, expect, it } from 'vitest';
import { PointLpsMm } from '../../../main/contract/vocabulary.ts';
import { angleDegrees, ellipseAreaMm2, lengthMm, middleLpsMm } from './measurementGeometry.ts';

const of = (...points: [number, number, number][]) => ({ pointsLpsMm: points.map((one) => PointLpsMm.parse(one)) });

describe('a measurement by its points', () => {
  it('has a length and a middle in space', () => {
    expect(lengthMm(of([1, 2, 3], [3, 5, 9]))).toBe(7);
    expect(middleLpsMm(of([0, 0, 0], [2, 4, 6]))).toEqual([1, 2, 3]);
  });

  it('has an angle between its arms, also a straight one and none', () => {
    expect(angleDegrees(of([1, 0, 0], [0, 0, 0], [0, 0, 5]))).toBeCloseTo(90);
    expect(angleDegrees(of([-3, 0, 0], [0, 0, 0], [7, 0, 0]))).toBeCloseTo(180);
    expect(angleDegrees(of([1, 1, 0], [0, 0, 0], [1, 0, 0]))).toBeCloseTo(45);
    expect(angleDegrees(of([1, 1, 1], [1, 1, 1], [1, 0, 0]))).toBe(0);
  });

  it('has the area of an ellipse by its two axes', () => {
    expect(ellipseAreaMm2(of([0, -3, 0], [0, 3, 0], [-1, 0, 0], [1, 0, 0]))).toBeCloseTo(Math.PI * 3);
  });
});

import { describe, expect, it } from 'vitest';
import { compareLosses, CourseRecord } from './trainingCourse.ts';

describe('CourseRecord', () => {
  it('a run that goes on forgets what came after its checkpoint', () => {
    const first = new CourseRecord(null, 0);
    for (let n = 1; n <= 4; n++) first.step(0.1 * n, n);
    first.validated(2);
    first.validated(4);
    const again = new CourseRecord(first.course, 3);
    again.step(0.5, 9);
    again.validated(2);
    expect([...again.course.losses]).toEqual([1, 2, 3, 9]);
    expect(again.course.rates[3]).toBe(0.5);
    expect(again.course.validatedSteps).toEqual([2]);
  });
});

describe('compareLosses', () => {
  const of = (...values: number[]) => Float32Array.from(values);
  it('names the first step that differs; skipped steps without a finite loss are equal', () => {
    expect(compareLosses(of(1, NaN, 3), of(1, NaN, 3))).toEqual({ comparedSteps: 3, firstDifferentStep: null, largestDifference: 0 });
    expect(compareLosses(of(1, 2, 3), of(1, 2.5, 5))).toEqual({ comparedSteps: 3, firstDifferentStep: 2, largestDifference: 2 });
  });
  it('a longer one parts where the other ends; nothing is compared with nothing', () => {
    expect(compareLosses(of(1, 2, 3), of(1, 2))).toEqual({ comparedSteps: 2, firstDifferentStep: 3, largestDifference: 0 });
    expect(compareLosses(of(), of())).toEqual({ comparedSteps: 0, firstDifferentStep: null, largestDifference: null });
  });
});

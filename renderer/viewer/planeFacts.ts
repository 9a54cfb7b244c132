/** What the texts around a plane say, from its camera; no Cornerstone. */
import { orientationLetters } from './orientationLetters.ts';
import { cross, dot, type Vector } from './vectors.ts';

export interface EdgeLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

export interface PlaneFacts {
  /** From 0, in the direction in which the wheel scrolls. */
  readonly sliceIndex: number;
  readonly sliceCount: number;
  /** Where the slice lies along its normal, as 'S 12.5 mm'. */
  readonly position: string;
  readonly letters: EdgeLetters;
  readonly mmPerPixel: number;
  /** 1: as large as it fits. */
  readonly zoom: number;
}

const opposite = (v: Vector): number[] => v.map((value) => -value);

/** Letters of the patient sides at the edges of a plane; `viewPlaneNormal` points to the one who looks. */
export function edgeLetters(viewUp: Vector, viewPlaneNormal: Vector): EdgeLetters {
  const right = cross(viewUp, viewPlaneNormal);
  return {
    right: orientationLetters(right),
    left: orientationLetters(opposite(right)),
    top: orientationLetters(viewUp),
    bottom: orientationLetters(opposite(viewUp)),
  };
}

export function slicePosition(focalPointLpsMm: Vector, normal: Vector): string {
  const along = dot(focalPointLpsMm, normal);
  if (Math.abs(along) < 0.05) return '0.0 mm'; // on neither side
  return `${orientationLetters(along < 0 ? opposite(normal) : normal)} ${Math.abs(along).toFixed(1)} mm`;
}

/** The slice that lies as far through another stack as slice `index` of `count`. */
export function sliceAtShare(index: number, count: number, otherCount: number): number {
  return count > 1 ? Math.round((index / (count - 1)) * (otherCount - 1)) : Math.floor((otherCount - 1) / 2);
}

/** Depths of slices to the evenly spaced planes of a grid, and which slices each plane is made of. */
import { mm, type Refuse } from './placedSlices.ts';

/** One plane of the grid: slice `below`, or between it and the next one with this weight of the next. */
interface PlaneSource {
  readonly below: number;
  /** 0 exactly where the plane is the slice; below 1. */
  readonly weight: number;
}

export interface PlaneSpacing {
  readonly spacingMm: number;
  readonly planes: readonly PlaneSource[];
  /** What was irregular, for people; `null` when every plane is its slice. */
  readonly irregularity: string | null;
}

/** Deviations from even spacing below this part of it, or this much, are rounding. */
const EVEN_PART = 0.01;
const EVEN_MM = 0.02;
/** Where tissue may be made up between two slices: no wider gap than this, and no more planes in it. */
const WIDEST_FILLED_MM = 10;
const MOST_FILLED_PLANES = 3;
const LOST_PART = 0.34;

/**
 * `depthsMm`: at least two, ascending, from 0. Even ones give one plane per slice. Uneven ones get planes at the finest
 * spacing that is usual among them (so that no slice is passed over), in between linearly; gaps too wide are refused.
 */
export function spacePlanes(depthsMm: readonly number[], refuse: Refuse): PlaneSpacing {
  const lastMm = depthsMm.at(-1)!;
  const even = lastMm / (depthsMm.length - 1);
  if (depthsMm.every((depth, n) => Math.abs(depth - n * even) <= evenTolerance(even)))
    return { spacingMm: even, planes: depthsMm.map((_, n) => ({ below: n, weight: 0 })), irregularity: null };
  const gaps = depthsMm.slice(1).map((depth, n) => depth - depthsMm[n]!);
  const usual = usualSpacing(gaps);
  const steps = gaps.map((gap) => Math.max(1, Math.round(gap / usual)));
  const latticeCount = steps.reduce((sum, step) => sum + step, 0);
  const lattice = lastMm / latticeCount;
  let at = 0;
  const isLattice = Number.isFinite(lattice) && [0, ...steps].every((step, n) => Math.abs(depthsMm[n]! - (at += step) * lattice) <= evenTolerance(lattice));
  const wideCount = steps.filter((step) => step > 1).length;
  // many wide distances are not losses but a part that was scanned more coarsely
  const isLossy = isLattice && wideCount <= LOST_PART * gaps.length;
  const irregularity = isLossy ? describeMissing(gaps, steps, usual) : describeUneven(gaps, usual);
  const planeCount = isLattice ? latticeCount : Math.round(lastMm / usual);
  checkGaps(gaps, usual, irregularity, refuse);
  const spacingMm = lastMm / planeCount;
  return { spacingMm, planes: planesAt(depthsMm, spacingMm, planeCount + 1), irregularity };
}

const evenTolerance = (spacingMm: number) => Math.max(EVEN_PART * spacingMm, EVEN_MM);

/** The middle of the fine distances: near the lowest tenth, so that one odd pair of slices does not decide. */
function usualSpacing(gaps: readonly number[]): number {
  const sorted = [...gaps].sort((a, b) => a - b);
  const fine = sorted[Math.floor(0.1 * (sorted.length - 1))]!;
  const near = sorted.filter((gap) => Math.abs(gap - fine) <= 0.2 * fine);
  return near[near.length >> 1]!;
}

function checkGaps(gaps: readonly number[], usual: number, irregularity: string, refuse: Refuse): void {
  const widest = Math.max(...gaps);
  // a gap that stays one step of the grid is not filled, only moved
  const isFilled = widest > 1.5 * usual;
  const tooWide = widest > WIDEST_FILLED_MM + EVEN_MM && (isFilled || usual > WIDEST_FILLED_MM);
  if (tooWide || widest > (MOST_FILLED_PLANES + 1.5) * usual) {
    refuse(`${irregularity}; too wide to be filled by interpolation (at most ${WIDEST_FILLED_MM} mm and ${MOST_FILLED_PLANES} slices)`);
  }
}

function planesAt(depthsMm: readonly number[], spacingMm: number, count: number): PlaneSource[] {
  const tolerance = evenTolerance(spacingMm);
  let below = 0;
  return Array.from({ length: count }, (_, k) => {
    const depth = k * spacingMm;
    while (below + 2 < depthsMm.length && depthsMm[below + 1]! <= depth) below++;
    if (Math.abs(depth - depthsMm[below]!) <= tolerance) return { below, weight: 0 };
    const above = depthsMm[below + 1]!;
    if (Math.abs(depth - above) <= tolerance) return { below: below + 1, weight: 0 };
    return { below, weight: (depth - depthsMm[below]!) / (above - depthsMm[below]!) };
  });
}

function describeMissing(gaps: readonly number[], steps: readonly number[], usual: number): string {
  const odd = steps.findIndex((step) => step > 1);
  const missing = steps.reduce((sum, step) => sum + step - 1, 0);
  const places = steps.filter((step) => step > 1).length;
  return (
    `${missing} missing slice${missing === 1 ? '' : 's'}: ${mm(gaps[odd]!)} between slices ${odd + 1} and ${odd + 2}, ` +
    `usually ${mm(usual)}${places > 1 ? `; gaps at ${places} places` : ''}`
  );
}

function describeUneven(gaps: readonly number[], usual: number): string {
  return `uneven slice spacing: from ${mm(Math.min(...gaps))} to ${mm(Math.max(...gaps))}, usually ${mm(usual)}`;
}

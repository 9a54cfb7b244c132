/** The seed's forced foreground: boxes around the objects of each class, and where a crop lies that shows one of them. */
import { connectedComponents } from '../../imaging/connectedComponents.ts';
import type { ShapeDhw } from '../../imaging/tensorShape.ts';
import type { Random } from '../random.ts';
import type { ClassArray } from '../train/trainingCase.ts';
import type { Box } from './pose.ts';

/** Of each class the seed looks at its two largest objects (DALI's `k_largest`, which measures their boxes). */
const OBJECTS_PER_CLASS = 2;

/** For each class in `wanted` that is present, the boxes of its largest connected (over faces) objects, largest first. */
export function objectBoxes(classes: ClassArray, shape: ShapeDhw, wanted: readonly number[]): Box[][] {
  return wanted
    .map((value) =>
      boxesOf(classes, shape, value)
        .sort((a, b) => volumeOf(b) - volumeOf(a))
        .slice(0, OBJECTS_PER_CLASS),
    )
    .filter((boxes) => boxes.length > 0);
}

function boxesOf(classes: ClassArray, [nd, nh, nw]: ShapeDhw, value: number): Box[] {
  const { begin, end, component, voxelCounts } = connectedComponents(classes, [nd, nh, nw], [value], 6);
  const low = Array.from(voxelCounts, () => [nd, nh, nw] as [number, number, number]);
  const high = Array.from(voxelCounts, () => [0, 0, 0] as [number, number, number]);
  for (let run = 0; run < begin.length; run++) {
    const row = Math.floor(begin[run]! / nw);
    const first = [Math.floor(row / nh), row % nh, begin[run]! % nw];
    const last = [first[0]!, first[1]!, first[2]! + end[run]! - begin[run]! - 1];
    const [lowest, highest] = [low[component[run]!]!, high[component[run]!]!];
    for (const axis of [0, 1, 2] as const) {
      lowest[axis] = Math.min(lowest[axis], first[axis]!);
      highest[axis] = Math.max(highest[axis], last[axis]! + 1);
    }
  }
  return low.map((originDhw, n) => ({ originDhw, shapeDhw: [high[n]![0] - originDhw[0], high[n]![1] - originDhw[1], high[n]![2] - originDhw[2]] as const }));
}

const volumeOf = ({ shapeDhw }: Box): number => shapeDhw[0] * shapeDhw[1] * shapeDhw[2];

/** One class, then one of its objects, each as likely as the others; `null` without objects. */
export function drawObject(boxes: readonly (readonly Box[])[], random: Random): Box | null {
  if (boxes.length === 0) return null;
  const ofClass = boxes[random.below(boxes.length)]!;
  return ofClass[random.below(ofClass.length)]!;
}

/**
 * First voxel of a crop placed at random so that along each axis it covers the box, or lies in it where the box is the
 * longer one.
 */
export function drawCropAt({ originDhw, shapeDhw }: Box, crop: ShapeDhw, random: Random): ShapeDhw {
  const along = (axis: 0 | 1 | 2): number => {
    const spare = shapeDhw[axis] - crop[axis];
    return originDhw[axis] + Math.min(0, spare) + random.below(Math.abs(spare) + 1);
  };
  return [along(0), along(1), along(2)];
}

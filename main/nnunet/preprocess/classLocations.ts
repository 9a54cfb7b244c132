/** Voxels that patches may be centred on, drawn once per case (nnunet-v2.md §4). */
import type { Plan } from '../plan/plan.ts';
import type { Random } from '../random.ts';
import type { ClassArray } from '../train/trainingCase.ts';

/** v2 keeps this many voxels of each class, or 1 % of a class that is larger than a million. */
const SMALLEST_FULL_LIST = 10_000;
const SMALLEST_PART = 0.01;

export interface CaseLocations {
  /** Flat voxel indices, ascending: one list per class 0 … (that of background is empty), or one per region. */
  readonly locations: readonly Uint32Array[];
  /** With an ignore class: of all voxels somebody judged, background and outside the mask included. */
  readonly annotated: Uint32Array | null;
}

type LabelRules = Pick<Plan, 'classes' | 'regions' | 'ignoreClass'>;

/** Drawn without replacement. A voxel of nested regions may be in the list of each. */
export function classLocations(classes: ClassArray, plan: LabelRules, random: Random): CaseLocations {
  const groups = plan.regions?.map((region) => [...region.classes]) ?? [[], ...plan.classes.map((_, n) => [n + 1])];
  const annotated = plan.ignoreClass === null ? [] : [[0, ...plan.classes.map((_, n) => n + 1)]];
  const lists = drawLists(classes, [...groups, ...annotated], random);
  return { locations: lists.slice(0, groups.length), annotated: lists[groups.length] ?? null };
}

/** One list per group of classes. */
function drawLists(classes: ClassArray, groups: readonly (readonly number[])[], random: Random): Uint32Array[] {
  const occurrences = countsPerClass(classes);
  const left = Float64Array.from(groups, (members) => members.reduce((sum, member) => sum + (occurrences[member] ?? 0), 0));
  const lists = Array.from(left, (count) => new Uint32Array(Math.max(Math.min(count, SMALLEST_FULL_LIST), Math.ceil(count * SMALLEST_PART))));
  const groupsOfClass = new Map<number, number[]>();
  groups.forEach((members, group) => members.forEach((member) => groupsOfClass.set(member, [...(groupsOfClass.get(member) ?? []), group])));
  const taken = new Uint32Array(groups.length);
  for (let n = 0; n < classes.length; n++) {
    const around = groupsOfClass.get(classes[n]!);
    if (!around) continue;
    for (const group of around) {
      const list = lists[group]!;
      const open = list.length - taken[group]!;
      // selection sampling (Knuth, algorithm S): each remaining voxel is as likely as the others
      const remaining = left[group]!--;
      if (open === remaining || (open > 0 && random.next() * remaining < open)) list[taken[group]!++] = n;
    }
  }
  return lists;
}

function countsPerClass(classes: ClassArray): Uint32Array {
  const counts = new Uint32Array(classes instanceof Uint8Array ? 2 ** 8 : 2 ** 16);
  for (let n = 0; n < classes.length; n++) counts[classes[n]!]!++;
  return counts;
}

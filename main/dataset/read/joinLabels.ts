/** The label maps of one image to one, with the numbers of the project. */
import type { AppError } from '../../contract/errors.ts';
import { emptyLabels, labelTypeOf } from '../../contract/labelType.ts';
import type { LabelRegion, LabelRules, Segment } from '../../contract/vocabulary.ts';
import type { LabelArray } from '../../imaging/connectedComponents.ts';
import { labelValuesIn } from '../../imaging/labelVoxels.ts';
import { defaultSegment } from '../defaultColors.ts';
import { withValues, type AdoptedSegments, type ProjectLegend } from '../projectLegend.ts';
import type { ReadLabels } from './readLabels.ts';

export interface JoinedLabels {
  /** On the image's source grid. */
  readonly voxels: LabelArray;
  readonly segments: readonly Segment[];
  /** Of the project from now on; absent when nothing in the labels asks for rules. */
  readonly rules?: LabelRules;
  /** Of the maps that were taken. */
  readonly paths: readonly string[];
  readonly warnings: readonly AppError[];
}

/** `dataset.json` names the numbers of its label maps. */
export interface DatasetLegend {
  readonly segments: readonly Segment[];
  readonly rules: LabelRules | undefined;
}

/**
 * `maps`: at least one, the newest first. Older ones are added where they hold other segments and touch no voxel of the
 * newer; else they are left out, with a warning.
 */
export function joinLabels(maps: readonly ReadLabels[], legend: ProjectLegend, dataset: DatasetLegend): JoinedLabels {
  const [newest, ...older] = maps;
  const first = adopted(newest!, legend, dataset);
  const segments = new Map(first.segments.map((segment) => [segment.labelValue, segment]));
  const warnings = [...newest!.warnings, ...first.warnings];
  const paths = [newest!.path];
  let { voxels, rules } = first;
  for (const map of older) {
    const next = adopted(map, legend, dataset);
    const reason = conflict(voxels, segments, next);
    if (reason !== null) {
      warnings.push({ code: 'import/segmentation-left-out', path: map.path, detail: `${newest!.path} is newer, and ${reason}` });
      continue;
    }
    for (const segment of next.segments) segments.set(segment.labelValue, segment);
    voxels = merged(voxels, next.voxels, [...segments.values()]);
    rules = next.rules ?? rules;
    paths.push(map.path);
    warnings.push(...map.warnings, ...next.warnings);
  }
  return { voxels, segments: [...segments.values()].sort((a, b) => a.labelValue - b.labelValue), paths, warnings, ...(rules ? { rules } : {}) };
}

interface Adopted {
  readonly voxels: LabelArray;
  readonly segments: readonly Segment[];
  readonly rules: LabelRules | undefined;
  readonly warnings: readonly AppError[];
}

function adopted(map: ReadLabels, legend: ProjectLegend, dataset: DatasetLegend): Adopted {
  const occurring = labelValuesIn(map.voxels);
  const named = map.segments ?? (dataset.segments.length > 0 ? dataset.segments : null);
  if (named === null) {
    const { segments, guesses } = legend.adoptNumbers(occurring);
    const detail = `its labels have no names and were taken by the legend of the project: ${guesses.join(', ')}`;
    return { voxels: map.voxels, segments, rules: undefined, warnings: guesses.length > 0 ? [{ code: 'import/doubtful', path: map.path, detail }] : [] };
  }
  const known = new Set(named.map(({ labelValue }) => labelValue));
  const unnamed = occurring.filter((value) => !known.has(value)).map((value) => defaultSegment(value));
  const result = legend.adopt([...named, ...unnamed], map.path, map.hasOwnNumbers);
  const regions: readonly LabelRegion[] | null = map.regions ?? (map.segments ? null : (dataset.rules?.regions ?? null));
  const joined = legend.adoptRegions(regions, result, map.regions === null && regions !== null);
  const changes = map.hasOwnNumbers ? result.changes : [];
  return {
    voxels: withValues(map.voxels, result.valueOf),
    segments: result.segments,
    rules: rulesOf(joined, map.segments ? undefined : dataset.rules, result),
    warnings: changes.length > 0 ? [{ code: 'import/legend-conflict', path: map.path, detail: changes.join('; ') }] : [],
  };
}

function rulesOf(regions: readonly LabelRegion[] | null, rules: LabelRules | undefined, { valueOf }: AdoptedSegments): LabelRules | undefined {
  const ignore = rules?.ignoreLabelValue ?? null;
  if (regions === null && !rules) return undefined;
  return { regions: regions === null ? null : [...regions], ignoreLabelValue: ignore === null ? null : (valueOf.get(ignore) ?? ignore) };
}

/** Why two label maps cannot be one; `null` when they can. */
function conflict(voxels: LabelArray, segments: ReadonlyMap<number, Segment>, next: Adopted): string | null {
  const shared = next.segments.filter(({ labelValue }) => segments.has(labelValue));
  if (shared.length > 0) return `both hold '${shared[0]!.name}'`;
  let overlap = 0;
  for (let n = 0; n < voxels.length; n++) if (voxels[n] !== 0 && next.voxels[n] !== 0) overlap++;
  return overlap > 0 ? `they share ${overlap} voxels` : null;
}

function merged(a: LabelArray, b: LabelArray, segments: readonly Segment[]): LabelArray {
  const both = emptyLabels(labelTypeOf(segments), a.length);
  for (let n = 0; n < both.length; n++) both[n] = a[n]! || b[n]!;
  return both;
}

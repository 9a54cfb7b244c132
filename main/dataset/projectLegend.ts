/**
 * One legend for a project: segments of other programs are matched by name, then by code; the numbers they had mean nothing
 * here. Files that have numbers only keep them.
 */
import { LARGEST_LABEL_VALUE, type LabelRegion, type LabelRules, type Segment } from '../contract/vocabulary.ts';
import { AppException } from '../contract/errors.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { emptyLabels, labelTypeOf } from '../contract/labelType.ts';
import { labelValuesIn } from '../imaging/labelVoxels.ts';
import { defaultColor } from '../contract/segmentColors.ts';
import { defaultSegment } from './defaultColors.ts';

export interface AdoptedSegments {
  /** As the project has them from now on, in the order given. */
  readonly segments: readonly Segment[];
  /** Own label value → that of the project. */
  readonly valueOf: ReadonlyMap<number, number>;
  /** `1 'spleen' became 3, because 1 is 'liver' here`, for every number that changed. */
  readonly changes: readonly string[];
}

export class ProjectLegend {
  readonly #byValue: Map<number, Segment>;
  #regions: readonly LabelRegion[] | null;
  /** Values that mean a name of this project and nothing to the people who numbered files. */
  readonly #ownValues: Set<number>;

  constructor(legend: readonly Segment[], rules?: LabelRules) {
    this.#byValue = new Map(legend.map((segment) => [segment.labelValue, segment]));
    this.#regions = rules?.regions ?? null;
    this.#ownValues = new Set(legend.flatMap(({ labelValue, codes }) => (codes ? [labelValue] : [])));
  }

  /**
   * By what they are called and coded. `hasOwnNumbers`: people who made the file chose the numbers too. Throws
   * `import/label-values` when the numbers run out.
   */
  adopt(segments: readonly Segment[], path: string, hasOwnNumbers: boolean): AdoptedSegments {
    const matched = this.#match(segments);
    const taken = new Set([...this.#byValue.keys(), ...matched.values()]);
    const own = segments.map(({ labelValue }) => labelValue);
    let last = Math.max(0, ...taken, ...own);
    const valueOf = new Map<number, number>();
    const adopted = segments.map((segment): Segment => {
      const known = matched.get(segment);
      if (known !== undefined) {
        valueOf.set(segment.labelValue, known);
        return this.#byValue.get(known)!;
      }
      const value = taken.has(segment.labelValue) ? ++last : segment.labelValue;
      if (value > LARGEST_LABEL_VALUE)
        throw new AppException({ code: 'import/label-values', path, detail: `the legend would need label values above ${LARGEST_LABEL_VALUE}` });
      taken.add(value);
      valueOf.set(segment.labelValue, value);
      const isDefaultColor = segment.colorRgb.join() === defaultColor(segment.labelValue).join();
      const colorRgb = isDefaultColor || this.#isColorTaken(segment) ? defaultColor(value) : segment.colorRgb;
      const fresh: Segment = { ...segment, labelValue: value, name: this.#freeName(segment), colorRgb };
      this.#byValue.set(value, fresh);
      if (!hasOwnNumbers) this.#ownValues.add(value);
      return fresh;
    });
    return { segments: adopted, valueOf, changes: this.#changes(segments, valueOf) };
  }

  /** Of a file without names: numbers stay, unknown ones get a plain name. `guesses`: what a number was taken for. */
  adoptNumbers(labelValues: readonly number[]): { readonly segments: readonly Segment[]; readonly guesses: readonly string[] } {
    const segments = labelValues.map((value) => {
      const segment = this.#byValue.get(value) ?? defaultSegment(value);
      this.#byValue.set(value, segment);
      return segment;
    });
    const guesses = segments.filter(({ labelValue }) => this.#ownValues.has(labelValue)).map(({ labelValue, name }) => `${labelValue} for '${name}'`);
    return { segments, guesses };
  }

  /**
   * Regions in the project's numbers, joined with those of earlier cases. Once there are regions, every other segment is
   * one by itself. `null` while there are none.
   */
  adoptRegions(regions: readonly LabelRegion[] | null, { valueOf, segments }: AdoptedSegments, isWholeLegend: boolean): readonly LabelRegion[] | null {
    if (regions === null && this.#regions === null) return null;
    const moved = (regions ?? []).map(({ name, labelValues, paintsLabelValue }) => ({
      name,
      labelValues: labelValues.map((value) => valueOf.get(value) ?? value),
      paintsLabelValue: valueOf.get(paintsLabelValue) ?? paintsLabelValue,
    }));
    const joined = joinRegions(this.#regions ?? [], moved);
    const covered = new Set(joined.flatMap(({ labelValues }) => labelValues));
    const candidates = isWholeLegend ? [] : [...(this.#regions === null ? this.#byValue.values() : segments)];
    const alone = candidates.filter(({ labelValue }) => !covered.has(labelValue));
    this.#regions = joinRegions(
      joined,
      alone.map(({ name, labelValue }) => ({ name, labelValues: [labelValue], paintsLabelValue: labelValue })),
    );
    return this.#regions;
  }

  #match(segments: readonly Segment[]): Map<Segment, number> {
    const matched = new Map<Segment, number>();
    const legend = [...this.#byValue.values()];
    const used = new Set<number>();
    const match = (segment: Segment, value: number) => {
      matched.set(segment, value);
      used.add(value);
    };
    for (const segment of segments) {
      const twin = legend.find((one) => sameName(one, segment) && !contradict(one, segment) && !used.has(one.labelValue));
      if (twin) match(segment, twin.labelValue);
    }
    for (const segment of segments) {
      if (matched.has(segment) || !segment.codes) continue;
      // several lesions of one code are not one segment
      const isOnly = segments.filter((other) => sameCode(other, segment)).length === 1;
      const twins = legend.filter((one) => sameCode(one, segment));
      if (isOnly && twins.length === 1 && !used.has(twins[0]!.labelValue)) match(segment, twins[0]!.labelValue);
    }
    return matched;
  }

  /** Planning systems draw every target in the same red. */
  #isColorTaken({ colorRgb }: Segment): boolean {
    return [...this.#byValue.values()].some((known) => known.colorRgb.join() === colorRgb.join());
  }

  /** Another segment of the same name is something else: by its codes. */
  #freeName({ name, codes }: Segment): string {
    const taken = new Set([...this.#byValue.values()].map((one) => one.name.toLowerCase()));
    if (!taken.has(name.toLowerCase())) return name;
    const kind = codes ? ` (${codes.type.meaning})` : '';
    for (let n = 1; ; n++) {
      const suffix = n === 1 && kind ? kind.slice(0, 40) : `${kind.slice(0, 36)} ${n + 1}`;
      const free = name.slice(0, 64 - suffix.length) + suffix;
      if (!taken.has(free.toLowerCase())) return free;
    }
  }

  #changes(segments: readonly Segment[], valueOf: ReadonlyMap<number, number>): string[] {
    return segments.flatMap(({ labelValue, name }) => {
      const value = valueOf.get(labelValue)!;
      if (value === labelValue) return [];
      const holder = this.#byValue.get(labelValue);
      const reason = holder ? `${labelValue} is '${holder.name}' here` : `'${name}' is ${value} here`;
      return [`${labelValue} '${name}' became ${value}, because ${reason}`];
    });
  }
}

/** Labels with the numbers of the project; the same array when none changes. Values without an entry stay. */
export function withValues(labels: LabelArray, valueOf: ReadonlyMap<number, number>): LabelArray {
  if ([...valueOf].every(([own, value]) => own === value)) return labels;
  const values = new Uint16Array(LARGEST_LABEL_VALUE + 1).map((_, n) => valueOf.get(n) ?? n);
  const largest = labelValuesIn(labels).reduce((most, own) => Math.max(most, values[own]!), 0);
  const moved = emptyLabels(labelTypeOf([{ labelValue: Math.max(1, largest) }]), labels.length);
  for (let n = 0; n < labels.length; n++) moved[n] = values[labels[n]!]!;
  return moved;
}

/** Regions of one name hold the labels of both; new ones come last, so that they are painted over the others. */
export function joinRegions(known: readonly LabelRegion[], further: readonly LabelRegion[]): LabelRegion[] {
  const joined = known.map((region) => {
    const more = further.find(({ name }) => name === region.name)?.labelValues ?? [];
    return { ...region, labelValues: [...new Set([...region.labelValues, ...more])] };
  });
  return [...joined, ...further.filter(({ name }) => !known.some((region) => region.name === name))];
}

const plain = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');
const sameName = (a: Segment, b: Segment): boolean => plain(a.name) === plain(b.name);
const codeOf = ({ codes }: Segment): string | null =>
  codes ? JSON.stringify([codes.type.scheme, codes.type.value, codes.modifier?.scheme, codes.modifier?.value]) : null;
const sameCode = (a: Segment, b: Segment): boolean => codeOf(a) !== null && codeOf(a) === codeOf(b);
const contradict = (a: Segment, b: Segment): boolean => codeOf(a) !== null && codeOf(b) !== null && codeOf(a) !== codeOf(b);

/** The legend of another program's segments: names once each, colours, label values; and of their combinations. */
import { AppException } from '../../contract/errors.ts';
import { LARGEST_LABEL_VALUE, type LabelRegion, type Segment } from '../../contract/vocabulary.ts';
import type { Combination } from './combinations.ts';
import type { ReadSegment } from './segmentation.ts';

export interface Legend {
  /** In the order of the object. */
  readonly segments: readonly Segment[];
  /** Sentences about what had to be changed. */
  readonly warnings: readonly string[];
}

const LONGEST_NAME = 64;

export function legendOfSegments(read: readonly ReadSegment[], defaultColor: (labelValue: number) => Segment['colorRgb']): Legend {
  const numbers = read.map(({ number }) => number);
  const areUsable = new Set(numbers).size === numbers.length && numbers.every((n) => Number.isInteger(n) && n >= 1 && n <= LARGEST_LABEL_VALUE);
  const taken = new Set<string>();
  const warnings: string[] = [];
  const segments = read.map(({ number, name, colorRgb, codes }, index): Segment => {
    const labelValue = areUsable ? number : index + 1;
    const wanted = name.trim() || `Segment ${number}`;
    const free = freeName(wanted, taken);
    if (free !== wanted) warnings.push(`segment ${number}, '${wanted}', is called '${free}' here`);
    return { labelValue, name: free, colorRgb: colorRgb ?? defaultColor(labelValue), ...(codes ? { codes } : {}) };
  });
  return { segments, warnings };
}

/** `wanted`, cut to what a legend holds and numbered where it is taken; takes it. */
function freeName(wanted: string, taken: Set<string>): string {
  for (let n = 1; ; n++) {
    const suffix = n === 1 ? '' : ` (${n})`;
    const name = `${wanted.slice(0, LONGEST_NAME - suffix.length).trim()}${suffix}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

export interface CombinedLegend {
  readonly segments: readonly Segment[];
  readonly regions: readonly LabelRegion[];
  readonly valueOf: ReadonlyMap<Combination, number>;
}

/** Throws `import/label-values` when there are more combinations than free label values. */
export function legendOfCombinations({ segments }: Legend, combinations: readonly Combination[], path: string): CombinedLegend {
  const occurring = combinations.filter(({ voxelCount }) => voxelCount > 0);
  const taken = new Set(segments.map(({ name }) => name));
  const combined: Segment[] = [];
  const valueOf = new Map<Combination, number>();
  let value = segments.reduce((largest, { labelValue }) => Math.max(largest, labelValue), 0);
  for (const combination of occurring) {
    const members = combination.members.map((member) => segments[member]!);
    if (members.length === 1) {
      valueOf.set(combination, members[0]!.labelValue);
      continue;
    }
    if (++value > LARGEST_LABEL_VALUE) {
      throw new AppException({ code: 'import/label-values', path, detail: 'the combinations of its segments need more label values than there are' });
    }
    valueOf.set(combination, value);
    combined.push({ labelValue: value, name: freeName(members.map(({ name }) => name).join(' + '), taken), colorRgb: meanColor(members) });
  }
  return { segments: [...segments, ...combined], regions: regionsOf(segments, occurring, valueOf), valueOf };
}

function regionsOf(segments: readonly Segment[], occurring: readonly Combination[], valueOf: ReadonlyMap<Combination, number>): LabelRegion[] {
  const sized = segments.map(({ name, labelValue }, index) => {
    const parts = occurring.filter(({ members }) => members.includes(index)).sort((a, b) => b.voxelCount - a.voxelCount);
    const alone = parts.find(({ members }) => members.length === 1);
    const paintsLabelValue = valueOf.get(alone ?? parts[0]!) ?? labelValue;
    const labelValues = [...new Set([labelValue, ...parts.map((part) => valueOf.get(part)!)])];
    return { region: { name, labelValues, paintsLabelValue }, voxelCount: parts.reduce((sum, part) => sum + part.voxelCount, 0) };
  });
  return sized.sort((a, b) => b.voxelCount - a.voxelCount).map(({ region }) => region);
}

const meanColor = (members: readonly Segment[]): Segment['colorRgb'] => {
  const mean = (channel: number) => Math.round(members.reduce((sum, { colorRgb }) => sum + colorRgb[channel]!, 0) / members.length);
  return [mean(0), mean(1), mean(2)];
};

/** Axes of a NRRD file: which lie in space and where, and which hold channels. */
import { AppException, type AppError } from '../../contract/errors.ts';
import type { Grid } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { numbersOf, wordsOf } from '../volume/textHeader.ts';
import type { NrrdHeader } from './nrrdHeader.ts';
import { cross, type Vector } from '../../imaging/vectors.ts';

export interface NrrdAxes {
  readonly grid: Grid;
  readonly channelCount: number;
  /** Numbers of one channel that lie together: the product of the sizes of the axes before that of the channels. */
  readonly runCount: number;
  readonly warnings: readonly AppError[];
}

/** Signs that bring the first three coordinates to LPS. Longer names and short ones; `-time` adds a coordinate. */
const SIGNS_OF_SPACE: Readonly<Record<string, readonly [number, number, number]>> = {
  'left-posterior-superior': [1, 1, 1],
  lps: [1, 1, 1],
  'right-anterior-superior': [-1, -1, 1],
  ras: [-1, -1, 1],
  'left-anterior-superior': [1, -1, 1],
  las: [1, -1, 1],
};
const MM_PER_UNIT: Readonly<Record<string, number>> = { mm: 1, m: 1000, cm: 10, um: 0.001, µm: 0.001, nm: 1e-6 };
/** Kinds of axes whose numbers are no channels of their own. */
const REFUSED_KIND = /color|complex|quaternion|matrix/i;

interface SpaceAxis {
  readonly axis: number;
  readonly stepLpsMm: Vector;
}

/** Throws `import/unsupported` for colour, tensors and more than one axis of channels; `import/bad-geometry`. */
export function readNrrdAxes(header: NrrdHeader, path: string): NrrdAxes {
  const { sizes, fields } = header;
  const kinds = wordsOf(fields.get('kinds') ?? '');
  const refused = kinds.find((kind) => REFUSED_KIND.test(kind));
  if (refused) throw new AppException({ code: 'import/unsupported', path, detail: `an axis of the kind ${refused}` });
  const { spaceAxes, originLpsMm, warnings } = isInSpace(fields) ? axesInSpace(header, path) : axesAlone(header, kinds, path);
  const others = sizes.map((size, axis) => ({ size, axis })).filter(({ size, axis }) => size > 1 && !spaceAxes.some((one) => one.axis === axis));
  if (others.length > 1 || spaceAxes.length > 3 || spaceAxes.length < 1) {
    const detail = `${sizes.join(' × ')} numbers, of which ${spaceAxes.length} axes lie in space`;
    throw new AppException({ code: 'import/unsupported', path, detail });
  }
  const steps = withMissingAxes(spaceAxes.map(({ stepLpsMm }) => stepLpsMm));
  const dims = [0, 1, 2].map((n) => (spaceAxes[n] ? sizes[spaceAxes[n].axis]! : 1));
  const affine = [0, 1, 2].flatMap((row) => [...steps.map((step) => step[row]!), originLpsMm[row]!]);
  return {
    grid: gridFromAffine(dims, [...affine, 0, 0, 0, 1], path),
    channelCount: others[0]?.size ?? 1,
    runCount: sizes.slice(0, others[0]?.axis ?? sizes.length).reduce((product, size) => product * size, 1),
    warnings,
  };
}

const isInSpace = (fields: ReadonlyMap<string, string>): boolean => fields.has('space directions');

interface FoundAxes {
  readonly spaceAxes: readonly SpaceAxis[];
  readonly originLpsMm: Vector;
  readonly warnings: readonly AppError[];
}

/** The file says directions. Axes of `none`, and those that run in time alone, hold channels. */
function axesInSpace({ fields, sizes }: NrrdHeader, path: string): FoundAxes {
  const refuse = (detail: string): never => {
    throw new AppException({ code: 'import/bad-geometry', path, detail });
  };
  const space = (fields.get('space') ?? '').toLowerCase().replace(/-?time$/, '');
  const signs = SIGNS_OF_SPACE[space];
  const unit = wordsOf((fields.get('space units') ?? '').replaceAll('"', ' '))[0];
  const mm = MM_PER_UNIT[unit ?? 'mm'] ?? 1;
  const lpsMm = (vector: readonly number[]): Vector => {
    const [x, y, z] = [0, 1, 2].map((n) => (vector[n] ?? 0) * (signs?.[n] ?? 1) * mm + 0);
    return [x!, y!, z!];
  };
  const text = fields.get('space directions')!;
  const found = text.match(/none|\([^()]*\)/g) ?? [];
  if (found.length !== sizes.length) return refuse(`${found.length} space directions for ${sizes.length} axes`);
  const spaceAxes = found.flatMap((one, axis): SpaceAxis[] => {
    if (one === 'none') return [];
    const vector = vectorOf(one) ?? refuse(`space direction ${one}`);
    const stepLpsMm = lpsMm(vector);
    return vector.length > 3 && stepLpsMm.every((mmAlong) => mmAlong === 0) ? [] : [{ axis, stepLpsMm }];
  });
  const originText = fields.get('space origin');
  const origin = originText === undefined ? [0, 0, 0] : (vectorOf(originText) ?? refuse(`space origin ${originText}`));
  const open = [
    ...(signs ? [] : [`the space '${fields.get('space') ?? fields.get('space dimension') ?? ''}' is none of a patient; LPS was taken`]),
    ...(originText === undefined ? ['no origin; 0 was taken'] : []),
  ];
  return { spaceAxes, originLpsMm: lpsMm(origin), warnings: open.map((detail) => ({ code: 'import/orientation-assumed', path, detail })) };
}

/** No directions: sizes of voxels at most. Axes are taken to run as in LPS, as ITK does. */
function axesAlone({ fields, sizes }: NrrdHeader, kinds: readonly string[], path: string): FoundAxes {
  const isDomain = (axis: number) => kinds[axis] === undefined || ['domain', 'space', '???', 'none'].includes(kinds[axis]!.toLowerCase());
  const axes = sizes
    .map((_, axis) => axis)
    .filter(isDomain)
    .slice(0, 3);
  const listOf = (name: string) => wordsOf(fields.get(name) ?? '').map(Number);
  const [spacings, mins, centers] = [listOf('spacings'), listOf('axis mins'), wordsOf(fields.get('centers') ?? fields.get('centerings') ?? '')];
  const spaceAxes = axes.map((axis, n): SpaceAxis => {
    const mm = Math.abs(spacings[axis]!) || 1;
    return { axis, stepLpsMm: [n === 0 ? mm : 0, n === 1 ? mm : 0, n === 2 ? mm : 0] };
  });
  const origin = [0, 1, 2].map((n) => {
    const axis = axes[n];
    if (axis === undefined || !Number.isFinite(mins[axis])) return 0;
    return mins[axis]! + (centers[axis] === 'node' ? 0 : spaceAxes[n]!.stepLpsMm[n]! / 2);
  });
  const detail = 'it says no directions; the first axis was taken to run to the left, the second to the back, the third upwards';
  return { spaceAxes, originLpsMm: [origin[0]!, origin[1]!, origin[2]!], warnings: [{ code: 'import/orientation-assumed', path, detail }] };
}

function vectorOf(text: string): number[] | null {
  const numbers = numbersOf(text.replaceAll(/[(),]/g, ' '));
  return numbers && numbers.length >= 2 && numbers.length <= 4 ? numbers : null;
}

/** A plane gets a third axis of 1 mm at right angles, a line two. */
function withMissingAxes(steps: readonly Vector[]): Vector[] {
  if (steps.length === 3) return [...steps];
  const a = steps[0]!;
  // any vector that is not along `a`
  const other: Vector = Math.abs(a[0]) > Math.abs(a[1]) ? [0, 1, 0] : [1, 0, 0];
  const b = steps[1] ?? unit(cross(cross(a, other), a));
  return [a, b, unit(cross(a, b))];
}

function unit(vector: Vector): Vector {
  const length = Math.hypot(...vector);
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}

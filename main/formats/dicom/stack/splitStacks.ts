/**
 * A series to stacks: slices that lie behind each other, one for each position, of one contrast. Split by size, spacing
 * and orientation first; where one position is occupied several times, by what the headers say tells those images apart.
 */
import type { FrameHeader } from './frameHeader.ts';
import { contrastsOf } from './stackContrasts.ts';
import { cross, dot, isVector, unit } from '../../../imaging/vectors.ts';

export interface Stack {
  readonly frames: readonly FrameHeader[];
  /** Tells the stacks of one series apart, e.g. `b=800`, `echo 2`, `sagittal`; '' when there is only one. */
  readonly name: string;
  /** Why the series was split, for people; '' when it was not. */
  readonly why: string;
  /** Present when these frames cannot be a volume: the reason, for people. */
  readonly refusal?: string;
}

const SAME_DIRECTION = 1e-3;

/**
 * Every frame is in exactly one stack, equal keys once. Names are unique. Frames without a place in the patient stay
 * together; stacking them is refused later, with the reason.
 */
export function splitStacks(frames: readonly FrameHeader[]): readonly Stack[] {
  const unique = [...new Map(frames.map((frame) => [frame.key, frame])).values()];
  const mosaics = unique.filter(isMosaic);
  const planes = groupByPlane(unique.filter((frame) => !isMosaic(frame)));
  const views = planes.length > 1 ? planes.filter((plane) => isSingleView(plane, planes)) : [];
  const stacks = nameByPlane(planes.filter((plane) => !views.includes(plane))).flatMap(({ plane, name, why }) =>
    contrastsOf(plane).map((contrast) => ({
      frames: contrast.frames,
      name: [name, contrast.name].filter(Boolean).join(', '),
      why: [why, contrast.why].filter(Boolean).join('; '),
    })),
  );
  return [...withUniqueNames(stacks), ...refused(views, mosaics)];
}

/** Siemens puts all slices of a volume as tiles into one picture; its header gives the place of none of them. */
function isMosaic(frame: FrameHeader): boolean {
  return /(^|\\)MOSAIC(\\|$)/.test(frame.imageType);
}

function groupByPlane(frames: readonly FrameHeader[]): FrameHeader[][] {
  const planes: FrameHeader[][] = [];
  for (const frame of frames) {
    const plane = planes.find(([first]) => isSamePlane(frame, first!));
    if (plane) plane.push(frame);
    else planes.push([frame]);
  }
  return planes;
}

function isSamePlane(a: FrameHeader, b: FrameHeader): boolean {
  return (
    a.rows === b.rows &&
    a.columns === b.columns &&
    a.frameOfReferenceUid === b.frameOfReferenceUid &&
    areClose(a.orientation, b.orientation, () => SAME_DIRECTION) &&
    areClose(a.pixelSpacingMm, b.pixelSpacingMm, (mm) => 1e-3 * mm)
  );
}

function areClose(a: readonly number[] | undefined, b: readonly number[] | undefined, tolerance: (value: number) => number): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((x, n) => Math.abs(x - b[n]!) <= tolerance(Math.abs(x)));
}

/** One image of an orientation of its own beside others: a scout, or one view of a rotating projection. */
function isSingleView(plane: readonly FrameHeader[], planes: readonly (readonly FrameHeader[])[]): boolean {
  const [frame] = plane;
  if (plane.length > 1 || !frame?.orientation) return false;
  return planes.some(([other]) => other !== frame && !areClose(other!.orientation, frame.orientation, () => SAME_DIRECTION));
}

function nameByPlane(planes: readonly FrameHeader[][]): { plane: FrameHeader[]; name: string; why: string }[] {
  if (planes.length <= 1) return planes.map((plane) => ({ plane, name: '', why: '' }));
  const orientations = new Set(planes.map(([first]) => orientationName(first!)));
  const sizes = new Set(planes.map(([first]) => sizeName(first!)));
  const spacings = new Set(planes.map(([first]) => spacingName(first!)));
  const why = `the series holds images of ${planes.length} different orientations, sizes, pixel spacings or frames of reference`;
  return planes.map((plane) => {
    const parts = [
      orientations.size > 1 ? orientationName(plane[0]!) : '',
      sizes.size > 1 ? sizeName(plane[0]!) : '',
      spacings.size > 1 && sizes.size === 1 ? spacingName(plane[0]!) : '',
    ];
    return { plane, name: parts.filter(Boolean).join(' ') || orientationName(plane[0]!), why };
  });
}

function orientationName({ orientation }: FrameHeader): string {
  if (!isVector(orientation, 6)) return 'unplaced';
  const [row, column] = [unit(orientation.slice(0, 3)), unit(orientation.slice(3, 6))];
  if (!row || !column) return 'unplaced';
  const normal = cross(row, column);
  const axis = [0, 1, 2].reduce((best, n) => (Math.abs(normal[n]!) > Math.abs(normal[best]!) ? n : best), 0);
  // within about 45° of an axis people still call it by that name; `oblique` says that it is not exact
  const isOblique = Math.abs(normal[axis]!) < 0.985 * Math.sqrt(dot(normal, normal));
  return (isOblique ? 'oblique ' : '') + ['sagittal', 'coronal', 'axial'][axis]!;
}

const sizeName = ({ columns, rows }: FrameHeader) => `${columns}x${rows}`;
const spacingName = ({ pixelSpacingMm }: FrameHeader) => `${pixelSpacingMm?.map((mm) => mm.toFixed(2)).join('x') ?? ''} mm`;

function withUniqueNames(stacks: readonly Stack[]): Stack[] {
  const taken = new Set<string>();
  return stacks.map((stack) => {
    let { name } = stack;
    for (let n = 2; taken.has(name); n++) name = `${stack.name || 'stack'} (${n})`;
    taken.add(name);
    return { ...stack, name };
  });
}

function refused(views: readonly FrameHeader[][], mosaics: readonly FrameHeader[]): Stack[] {
  const stacks: Stack[] = [];
  if (views.length > 0) {
    const refusal = `${views.length} single images of different orientations (a localizer or a rotating view), no volume`;
    stacks.push({ frames: views.flat(), name: 'views', why: refusal, refusal });
  }
  if (mosaics.length > 0) {
    const refusal = 'a Siemens mosaic: all slices of a volume in one picture; export it as single slices or as an enhanced object';
    stacks.push({ frames: mosaics, name: 'mosaic', why: refusal, refusal });
  }
  return stacks;
}

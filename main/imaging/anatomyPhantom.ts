/**
 * Studies by formula that look like what a radiologist reads: a CT of the abdomen with lesions in the liver, an MR of the brain
 * with lesions in the white matter. Pose, sizes, contrast and noise are drawn from the seed, and nothing else decides.
 */
import type { Grid } from '../contract/vocabulary.ts';
import { gridFromAffine } from './grid.ts';
import { seededRandom } from './phantom.ts';

export const ANATOMIES = ['abdomen', 'brain'] as const;
export type Anatomy = (typeof ANATOMIES)[number];

export interface AnatomyStudy {
  /** Axial slices, i to the left of the patient, j to the back, k upwards. */
  readonly grid: Grid;
  /** Hounsfield units of the CT; arbitrary units of the MR. */
  readonly image: Int16Array;
  /** Labels as in `ANATOMY_LABEL_NAMES`, from 1. */
  readonly labels: Uint8Array;
}

export const ANATOMY_LABEL_NAMES: Readonly<Record<Anatomy, readonly string[]>> = { abdomen: ['liver', 'lesion'], brain: ['ventricles', 'lesion'] };
export const ANATOMY_MODALITY: Readonly<Record<Anatomy, 'CT' | 'MR'>> = { abdomen: 'CT', brain: 'MR' };

type Between = (low: number, high: number) => number;
/** LPS millimetres from the middle of the body. */
type Point = readonly [number, number, number];

/** What lies where; of two that overlap, the later one is seen. */
interface Part {
  contains(x: number, y: number, z: number): boolean;
  readonly intensity: number;
  readonly label: number;
}

interface Body {
  readonly parts: readonly Part[];
  readonly background: number;
  readonly noise: number;
  /** Coil shading of an MR; a CT has none. */
  shadingAt(x: number, y: number, z: number): number;
}

const LAYOUT = {
  abdomen: { dims: [72, 56, 32], spacingMm: [4.8, 4.8, 6], build: buildAbdomen },
  brain: { dims: [56, 64, 48], spacingMm: [3, 3, 3.2], build: buildBrain },
} as const;

export function makeAnatomyPhantom(anatomy: Anatomy, seed: number): AnatomyStudy {
  const { dims, spacingMm, build } = LAYOUT[anatomy];
  const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ (anatomy === 'abdomen' ? 0x2545f491 : 0x1b873593));
  const between: Between = (low, high) => low + (high - low) * random();
  const grid = centredGrid(
    dims,
    spacingMm.map((mm) => Math.round(mm * between(0.97, 1.03) * 100) / 100),
    [between(-8, 8), between(-8, 8), between(-80, 80)],
  );
  const body = build(between);
  const image = new Int16Array(dims[0] * dims[1] * dims[2]);
  const labels = new Uint8Array(image.length);
  const [di, dj, dk] = grid.spacingMm;
  let at = 0;
  for (let k = 0; k < dims[2]; k++) {
    const z = (k - (dims[2] - 1) / 2) * dk;
    for (let j = 0; j < dims[1]; j++) {
      const y = (j - (dims[1] - 1) / 2) * dj;
      for (let i = 0; i < dims[0]; i++, at++) {
        const x = (i - (dims[0] - 1) / 2) * di;
        let seen: Part | null = null;
        for (const part of body.parts) if (part.contains(x, y, z)) seen = part;
        labels[at] = seen?.label ?? 0;
        // sum of three uniforms: near enough to Gaussian, and the same on every machine
        const grain = (random() + random() + random() - 1.5) * 2 * body.noise;
        image[at] = Math.round((seen?.intensity ?? body.background) * body.shadingAt(x, y, z) + grain);
      }
    }
  }
  return { grid, image, labels };
}

function centredGrid(dims: readonly number[], spacing: readonly number[], centerLpsMm: Point): Grid {
  const origin = dims.map((count, axis) => centerLpsMm[axis]! - ((count - 1) * spacing[axis]!) / 2);
  const rows = [0, 1, 2].flatMap((row) => [...[0, 1, 2].map((column) => (row === column ? spacing[row]! : 0)), origin[row]!]);
  return gridFromAffine([...dims], [...rows, 0, 0, 0, 1]);
}

const ellipsoid =
  ([cx, cy, cz]: Point, [rx, ry, rz]: Point): Part['contains'] =>
  (x, y, z) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2 < 1;
/** Along the body. */
const column =
  (cx: number, cy: number, rx: number, ry: number): Part['contains'] =>
  (x, y) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;

const unlabelled = (contains: Part['contains'], intensity: number): Part => ({ contains, intensity, label: 0 });

/** One to three balls around points of `host`, no larger than it leaves room for. */
function lesions(
  between: Between,
  host: Part['contains'],
  reach: readonly [Point, Point],
  radiusMm: readonly [number, number],
  intensity: () => number,
): Part[] {
  const [[cx, cy, cz], [rx, ry, rz]] = reach;
  const count = 1 + Math.floor(between(0, 2.999));
  return Array.from({ length: count }, () => {
    const center: Point = [cx + rx * between(-0.55, 0.55), cy + ry * between(-0.55, 0.55), cz + rz * between(-0.55, 0.55)];
    const radius = between(...radiusMm);
    const ball = ellipsoid(center, [radius, radius * between(0.85, 1.15), radius * between(0.85, 1.15)]);
    return { contains: (x: number, y: number, z: number) => ball(x, y, z) && host(x, y, z), intensity: intensity(), label: 2 };
  });
}

function buildAbdomen(between: Between): Body {
  const [rx, ry] = [between(145, 160), between(98, 112)];
  const wall = between(12, 22);
  const inside = column(0, 0, rx - wall - 10, ry - wall - 10);
  const clipped =
    (contains: Part['contains']): Part['contains'] =>
    (x, y, z) =>
      contains(x, y, z) && inside(x, y, z);
  const liverCenter: Point = [between(-62, -48), between(-14, 4), between(5, 25)];
  const liverRadii: Point = [between(66, 82), between(56, 68), between(58, 74)];
  const liver = clipped(ellipsoid(liverCenter, liverRadii));
  const liverHu = between(95, 120);
  return {
    background: -1000,
    noise: between(9, 15),
    shadingAt: () => 1,
    parts: [
      unlabelled(column(0, 0, rx, ry), -95),
      unlabelled(column(0, 0, rx - wall, ry - wall), 50),
      unlabelled(inside, between(-40, -10)),
      unlabelled(column(between(-3, 3), 62, 19, 17), between(240, 320)),
      unlabelled(column(between(4, 12), 36, 11, 11), between(130, 170)),
      unlabelled(clipped(ellipsoid([between(48, 60), -35, 22], [36, 28, 44])), between(10, 30)),
      unlabelled(clipped(ellipsoid([between(86, 98), 32, 25], [27, 36, 44])), between(105, 130)),
      unlabelled(clipped(ellipsoid([-58, 46, between(-50, -35)], [23, 26, 48])), 145),
      unlabelled(clipped(ellipsoid([58, 46, between(-45, -30)], [23, 26, 48])), 145),
      { contains: liver, intensity: liverHu, label: 1 },
      ...lesions(between, liver, [liverCenter, liverRadii], [10, 19], () => liverHu - between(45, 65)),
    ],
  };
}

function buildBrain(between: Between): Body {
  const size = between(0.94, 1.06);
  const scaled = (rx: number, ry: number, rz: number): Point => [rx * size, ry * size, rz * size];
  const center: Point = [between(-3, 3), between(-3, 3), between(-3, 3)];
  const phase = between(0, 6);
  const white = (x: number, y: number, z: number): boolean => {
    const fold = 0.06 * Math.sin(5 * Math.atan2(y, x) + phase) * Math.cos(0.07 * z);
    return (x / (50 * size)) ** 2 + (y / (64 * size)) ** 2 + (z / (48 * size)) ** 2 < 1 + fold;
  };
  const wide = between(0.8, 1.25);
  const ventricle = (side: number): Part => ({
    contains: ellipsoid([side * between(10, 13), 2, 5], [6.5 * wide, 28 * wide, 11 * wide]),
    intensity: 110,
    label: 1,
  });
  const [a, b, c] = [between(-0.0015, 0.0015), between(-0.0015, 0.0015), between(-0.0015, 0.0015)];
  return {
    background: 10,
    noise: between(10, 18),
    shadingAt: (x, y, z) => 1 + a * x + b * y + c * z,
    parts: [
      unlabelled(ellipsoid(center, scaled(74, 90, 74)), 330),
      unlabelled(ellipsoid(center, scaled(68, 84, 68)), 60),
      unlabelled(ellipsoid(center, scaled(63, 79, 63)), 140),
      unlabelled(ellipsoid(center, scaled(60, 76, 60)), between(360, 400)),
      unlabelled(white, between(460, 500)),
      ...lesions(between, white, [[0, 0, 0], scaled(50, 64, 48)], [6, 12], () => between(620, 700)),
      ventricle(-1),
      ventricle(1),
    ],
  };
}

/**
 * Studies by formula: an MR-like head-to-tail pair of adjoining structures in a textured background. Random in pose, size,
 * contrast and noise, so that a small network must learn shape and context; the same seed gives the same study everywhere.
 */
import type { Grid } from '../contract/vocabulary.ts';
import { gridFromAffine } from './grid.ts';

export interface PhantomStudy {
  /** Of the "scanner": oblique, anisotropic or flipped for some seeds. */
  readonly grid: Grid;
  readonly image: Int16Array;
  /** 0 background, 1 anterior, 2 posterior. */
  readonly labels: Uint8Array;
}

export const PHANTOM_LABEL_NAMES = ['anterior', 'posterior'] as const;

/** Uniform numbers in [0, 1) from a 32-bit state (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** One study. Studies of different `seed` differ; nothing else decides. */
export function makePhantom(seed: number): PhantomStudy {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const between = (low: number, high: number) => low + (high - low) * random();
  const grid = phantomGrid(random, between);
  const shape = phantomShape(between);
  const [ni, nj, nk] = grid.dimsIjk;
  const image = new Int16Array(ni * nj * nk);
  const labels = new Uint8Array(ni * nj * nk);
  const noise = between(14, 24);
  let at = 0;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, at++) {
        const [x, y, z] = fromCenter(grid, i, j, k);
        const label = shape.labelAt(x, y, z);
        labels[at] = label;
        // sum of three uniforms: near enough to Gaussian, and the same on every machine
        const grain = (random() + random() + random() - 1.5) * 2 * noise;
        image[at] = Math.max(0, Math.round(shape.intensityAt(x, y, z, label) + grain));
      }
    }
  }
  return { grid, image, labels };
}

type Between = (low: number, high: number) => number;

/** About 40 × 48 × 40 mm. One in four is anisotropic, one in four oblique, one in four stored in RAS order. */
function phantomGrid(random: () => number, between: Between): Grid {
  const kind = Math.floor(random() * 4);
  const spacing = kind === 1 ? [1, 1, 1.5] : [1, 1, 1].map(() => Math.round(between(0.95, 1.15) * 100) / 100);
  const dims = [40, 48, 40].map((mm, axis) => Math.round((mm + between(-2, 2)) / spacing[axis]!));
  const [a, b] = kind === 2 ? [between(-0.25, 0.25), between(-0.25, 0.25)] : [0, 0];
  const sign = kind === 3 ? -1 : 1;
  const axes = [
    [Math.cos(a) * sign, Math.sin(a) * sign, 0],
    [-Math.sin(a) * Math.cos(b) * sign, Math.cos(a) * Math.cos(b) * sign, Math.sin(b) * sign],
    [Math.sin(a) * Math.sin(b), -Math.cos(a) * Math.sin(b), Math.cos(b)],
  ];
  const center = [between(-30, 30), between(-40, 40), between(-60, 60)];
  const affine = [0, 1, 2].flatMap((world) => {
    const steps = axes.map((axis, n) => axis[world]! * spacing[n]!);
    const origin = center[world]! - steps.reduce((sum, step, n) => sum + (step * (dims[n]! - 1)) / 2, 0);
    return [...steps, origin];
  });
  return gridFromAffine(dims, [...affine, 0, 0, 0, 1]);
}

/** LPS millimetres from the middle of the grid. */
function fromCenter(grid: Grid, i: number, j: number, k: number): [number, number, number] {
  const { dimsIjk: n, spacingMm: s, direction: d } = grid;
  const [a, b, c] = [(i - (n[0] - 1) / 2) * s[0], (j - (n[1] - 1) / 2) * s[1], (k - (n[2] - 1) / 2) * s[2]];
  return [d[0]! * a + d[3]! * b + d[6]! * c, d[1]! * a + d[4]! * b + d[7]! * c, d[2]! * a + d[5]! * b + d[8]! * c];
}

/**
 * A curved body along the posterior axis, thicker in front: label 1 before the cut, label 2 behind it. A brighter ball
 * elsewhere, unlabelled, keeps a network from thresholding.
 */
function phantomShape(between: Between) {
  const center = [between(-4, 4), between(-3, 3), between(-4, 4)] as const;
  const turn = between(-0.35, 0.35);
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const halfLength = between(13, 16);
  const [frontRadius, backRadius] = [between(6.5, 8.5), between(4, 5.5)];
  const bend = between(-0.012, 0.012);
  const cut = between(-3, 1);
  const level = between(380, 480);
  // the rear part is a little brighter, or else nothing in the image would show where the cut lies
  const frontStep = between(80, 110);
  const backStep = frontStep + between(25, 45);
  const waves = [0, 1, 2].map(() => [between(0.08, 0.22), between(0.08, 0.22), between(0.08, 0.22), between(0, 6.28)] as const);
  const ball = [between(10, 13) * (between(-1, 1) < 0 ? -1 : 1), between(-12, 12), between(-11, 11), between(3, 4.5)] as const;

  const labelAt = (x: number, y: number, z: number): 0 | 1 | 2 => {
    const [dx, dy, dz] = [x - center[0], y - center[1], z - center[2]];
    const along = cos * dy + sin * dz;
    const t = along / halfLength;
    if (Math.abs(t) >= 1) return 0;
    const across = dx - bend * along * along;
    const up = cos * dz - sin * dy;
    const radius = (frontRadius + ((backRadius - frontRadius) * (t + 1)) / 2) * Math.sqrt(1 - t * t * t * t);
    if (across * across + up * up * 1.3 > radius * radius) return 0;
    return along < cut ? 1 : 2;
  };
  const intensityAt = (x: number, y: number, z: number, label: 0 | 1 | 2): number => {
    let value = level;
    for (const [u, v, w, phase] of waves) value += 28 * Math.sin(u * x + v * y + w * z + phase);
    if (label === 1) return value + frontStep;
    if (label === 2) return value + backStep;
    const inBall = (x - ball[0]) ** 2 + (y - ball[1]) ** 2 + (z - ball[2]) ** 2 < ball[3] ** 2;
    return inBall ? value + 110 : value;
  };
  return { labelAt, intensityAt };
}

/** Pictures of every transform at the strong end of its range, by the code that trains: `node pictures.cjs FOLDER`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { crc32 } from '../../main/dataset/crc32.ts';
import { makePhantom } from '../../main/imaging/phantom.ts';
import type { ShapeDhw } from '../../main/imaging/tensorShape.ts';
import { applySteps } from '../../main/nnunet/augment/applySteps.ts';
import type { AugmentationStep } from '../../main/nnunet/augment/augmentation.ts';
import { drawCropAt, objectBoxes } from '../../main/nnunet/augment/objectBoxes.ts';
import { poseMatrix } from '../../main/nnunet/augment/pose.ts';
import { resamplePose } from '../../main/nnunet/augment/resamplePose.ts';
import { emptySample, type Sample } from '../../main/nnunet/augment/sample.ts';
import { Random } from '../../main/nnunet/random.ts';
import type { CaseWindow } from '../../main/nnunet/train/trainingCase.ts';

const ZOOM = 4;
const { grid, image, labels } = makePhantom(3);
const [nw, nh, nd] = grid.dimsIjk;
const shape: ShapeDhw = [nd, nh, nw];
const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
const std = Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.length);
/** A head-like mask around the middle, for the pictures of masked normalisation. */
const isInside = (n: number): boolean => Math.hypot((n % nw) - nw / 2, ((Math.floor(n / nw) % nh) - nh / 2) * 0.8) < 18;
const window: CaseWindow = {
  image: Float32Array.from(image, (value) => (value - mean) / std),
  classes: labels,
  inside: Uint8Array.from(image, (_, n) => (isInside(n) ? 1 : 0)),
};

function freshSample(): Sample {
  const sample = emptySample(shape, 1, new Uint8Array(labels.length));
  sample.image.set(window.image);
  sample.classes.set(labels);
  return sample;
}

function posed(degDhw: readonly number[], scaleDhw: readonly number[]): Sample {
  const sample = freshSample();
  resamplePose(
    window,
    { originDhw: [0, 0, 0], shapeDhw: shape },
    poseMatrix(
      degDhw.map((angle) => (angle * Math.PI) / 180),
      scaleDhw,
    ),
    [0, 0, 0],
    sample,
  );
  return sample;
}

function changed(step: AugmentationStep, sample = freshSample()): Sample {
  applySteps(sample, [step], Random.fromSeed(4));
  return sample;
}

const ALWAYS = { probability: 1 } as const;
const both = [1, 2] as const;
const all = [0, 1, 2] as const;
function outside(steps: readonly AugmentationStep[]): Sample {
  const sample = freshSample();
  sample.inside.set(window.inside!);
  for (let n = 0; n < sample.image.length; n++) if (!sample.inside[n]) sample.image[n] = 0;
  applySteps(sample, steps, Random.fromSeed(4));
  return sample;
}
const noise = { transform: 'noise', ...ALWAYS, sigma: [0.3, 0.3], isSharedByChannels: true } as const;

/** Where a forced crop lies that shows the object of class 2, as a white frame. */
function cropped(): Sample {
  const sample = freshSample();
  const crop: ShapeDhw = [nd, 32, 24];
  const [, drawnTop, left] = drawCropAt(objectBoxes(labels, shape, [2])[0]![0]!, crop, Random.fromSeed(2));
  const top = Math.min(nh - crop[1], drawnTop);
  for (let n = 0; n < sample.image.length; n++) {
    const [h, w] = [(Math.floor(n / nw) % nh) - top, (n % nw) - left];
    const isFrame = h >= 0 && w >= 0 && h < crop[1] && w < crop[2] && (h === 0 || w === 0 || h === crop[1] - 1 || w === crop[2] - 1);
    if (isFrame) sample.image[n] = 10;
  }
  return sample;
}

const PICTURES: Record<string, () => Sample> = {
  original: freshSample,
  rotation: () => posed([30, 0, 0], [1, 1, 1]),
  'rotation-3d': () => posed([20, 30, 30], [1, 1, 1]),
  'scaling-0.7': () => posed([0, 0, 0], [0.7, 0.7, 0.7]),
  'scaling-1.4': () => posed([0, 0, 0], [1.4, 1.4, 1.4]),
  'rotation-dummy-2d': () => posed([135, 0, 0], [1, 1.1, 1.1]),
  noise: () => changed({ ...noise, sigma: [0.1, 0.1] }),
  blur: () => changed({ transform: 'blur', ...ALWAYS, channelProbability: 1, sigma: [1, 1], isPerChannel: true }),
  'brightness-1.25': () => changed({ transform: 'brightness', ...ALWAYS, factor: [1.2499, 1.25] }),
  contrast: () => changed({ transform: 'contrast', ...ALWAYS, factor: [0.75, 0.75] }),
  'low-resolution': () => changed({ transform: 'lowResolution', ...ALWAYS, channelProbability: 1, scale: [0.5, 0.5], axes: all }),
  'gamma-1.5': () => changed({ transform: 'gamma', ...ALWAYS, exponent: [1.5, 1.5], isInverted: false }),
  'gamma-1.5-inverted': () => changed({ transform: 'gamma', ...ALWAYS, exponent: [1.5, 1.5], isInverted: true }),
  mirror: () => changed({ transform: 'mirror', ...ALWAYS, axes: both }),
  'mask-before': () => outside([noise]),
  'mask-outside': () => outside([noise, { transform: 'maskOutside', channels: [0] }]),
  'seed-biased-crop': cropped,
  'seed-zoom': () => changed({ transform: 'zoom', ...ALWAYS, scale: [0.7, 0.7], axes: all }),
  'seed-noise': () => changed({ ...noise, isSharedByChannels: false }),
  'seed-blur': () => changed({ transform: 'blur', ...ALWAYS, channelProbability: 1, sigma: [1.5, 1.5], isPerChannel: false }),
  'seed-brightness-contrast': () => changed({ transform: 'brightnessAndContrast', ...ALWAYS, brightness: [1.3, 1.3], contrast: [1.5, 1.5] }),
};

/** The middle slice, −2 … 5 deviations from black to white, the outlines of the classes in colour. */
function picture({ image: values, classes }: Sample): Uint8Array {
  const [width, height] = [nw * ZOOM, nh * ZOOM];
  const slice = Math.floor(nd / 2) * nh * nw;
  const rows = new Uint8Array(height * (1 + 3 * width));
  const classAt = (x: number, y: number): number => classes[slice + Math.floor(Math.max(0, y) / ZOOM) * nw + Math.floor(Math.max(0, x) / ZOOM)]!;
  for (let y = 0, at = 0; y < height; y++) {
    rows[at++] = 0; // no filter
    for (let x = 0; x < width; x++) {
      const value = classAt(x, y);
      const isOutline = classAt(x - 1, y) !== value || classAt(x, y - 1) !== value;
      const grey = Math.max(0, Math.min(255, ((values[slice + Math.floor(y / ZOOM) * nw + Math.floor(x / ZOOM)]! + 2) / 7) * 255));
      const color = isOutline ? (value === 1 || classAt(x - 1, y) === 1 || classAt(x, y - 1) === 1 ? [255, 170, 0] : [0, 200, 255]) : [grey, grey, grey];
      rows.set(color, at);
      at += 3;
    }
  }
  return png(width, height, rows);
}

/** Truecolour, 8 bits (ISO 15948). */
function png(width: number, height: number, rows: Uint8Array): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [begin, end] = [Buffer.alloc(4), Buffer.alloc(4)];
    begin.writeUInt32BE(data.length);
    end.writeUInt32BE(crc32(body));
    return Buffer.concat([begin, body, end]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const folder = process.argv[2]!;
mkdirSync(folder, { recursive: true });
for (const [name, make] of Object.entries(PICTURES)) writeFileSync(join(folder, `${name}.png`), picture(make()));

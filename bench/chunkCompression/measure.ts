/** CPU seconds and bytes of packing a CT-like volume's chunks, prints a table: node measure.mjs ROUNDS */
import { brotliCompressSync, brotliDecompressSync, constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { shuffleBytes, unshuffleBytes } from '../../main/dataset/byteShuffle.ts';
import { chunkShapeFor, chunksIn } from '../../main/dataset/chunkGrid.ts';
import { copyBox } from '../../main/imaging/copyBox.ts';
import { seededRandom } from '../../main/imaging/phantom.ts';
import { resampleImage } from '../../main/imaging/resample.ts';
import { voxelCount, type ShapeDhw } from '../../main/imaging/tensorShape.ts';

const SHAPE: ShapeDhw = [256, 256, 256];
const SCANNED: ShapeDhw = [224, 288, 288];
/** What v2 plans for abdominal CT. */
const PATCH: ShapeDhw = [96, 160, 160];

/** A body (half of the volume) with two organs in air, whole Hounsfield units with grain (standard deviation 12 HU), and the organs' classes. */
function scan(shape: ShapeDhw): { hu: Float32Array; classes: Uint8Array } {
  const random = seededRandom(1);
  const hu = new Float32Array(voxelCount(shape));
  const classes = new Uint8Array(hu.length);
  const within = (at: readonly number[], center: readonly number[], radii: readonly number[]): boolean =>
    at.reduce((sum, value, axis) => sum + ((value - center[axis]!) / radii[axis]!) ** 2, 0) < 1;
  for (let d = 0, n = 0; d < shape[0]; d++) {
    for (let h = 0; h < shape[1]; h++) {
      for (let w = 0; w < shape[2]; w++, n++) {
        const at = [d / shape[0], h / shape[1], w / shape[2]];
        classes[n] = within(at, [0.5, 0.45, 0.35], [0.3, 0.2, 0.18]) ? 1 : within(at, [0.4, 0.6, 0.68], [0.15, 0.08, 0.08]) ? 2 : 0;
        const tissue = within(at, [0.5, 0.5, 0.5], [9, 0.36, 0.46])
          ? [45, 110, 180][classes[n]!]! + 25 * Math.sin(d * 0.1) * Math.cos(h * 0.07 + w * 0.05)
          : -1000;
        hu[n] = Math.max(-1024, Math.round(tissue + (random() + random() + random() - 1.5) * 24));
      }
    }
  }
  return { hu, classes };
}

/** v2's CT normalisation as for abdominal organs: air is clipped, fat and soft tissue are not. */
const normalized = (hu: Float32Array): Float32Array => hu.map((value) => (Math.min(240, Math.max(-160, value)) - 100) / 75);

function chunksOf<A extends Float32Array | Uint8Array>(values: A): Uint8Array[] {
  return chunksIn(SHAPE, chunkShapeFor(PATCH, SHAPE, values.BYTES_PER_ELEMENT), [0, 0, 0], SHAPE).map((box) => {
    const chunk = new (values.constructor as new (count: number) => A)(voxelCount(box.shapeDhw));
    copyBox<Float32Array | Uint8Array>({ values, originDhw: [0, 0, 0], shapeDhw: SHAPE }, { ...box, values: chunk });
    return new Uint8Array(chunk.buffer);
  });
}

interface Coder {
  pack(bytes: Uint8Array): Uint8Array;
  unpack(bytes: Uint8Array): Uint8Array;
}
const deflate = (level: number): Coder => ({ pack: (bytes) => deflateRawSync(bytes, { level }), unpack: (bytes) => inflateRawSync(bytes) });
const brotli = (quality: number): Coder => ({
  pack: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
  unpack: (bytes) => brotliDecompressSync(bytes),
});
const CODERS: Readonly<Record<string, Coder>> = {
  none: { pack: (bytes) => bytes, unpack: (bytes) => bytes },
  'deflate 1': deflate(1),
  'deflate 6': deflate(6),
  'brotli 1': brotli(1),
};

function cpuSeconds<T>(work: () => T): { seconds: number; result: T } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, result };
}

const { hu, classes } = scan(SHAPE);
const volumes = [
  { name: 'image, not resampled', chunks: chunksOf(normalized(hu)), valueBytes: 4 },
  { name: 'image, resampled', chunks: chunksOf(resampleImage(normalized(scan(SCANNED).hu), SCANNED, SHAPE, ['cubic', 'cubic', 'cubic'])), valueBytes: 4 },
  { name: 'classes', chunks: chunksOf(classes), valueBytes: 1 },
];
const rounds = Number(process.argv[2]);
console.log(`| volume | coder | bytes shuffled | MB | of none | packing s | unpacking s |\n|---|---|---|---|---|---|---|`);
for (const { name, chunks, valueBytes } of volumes) {
  const none = chunks.reduce((sum, { length }) => sum + length, 0);
  for (const [coderName, coder] of Object.entries(CODERS)) {
    for (const isShuffled of coderName === 'none' || valueBytes === 1 ? [false] : [false, true]) {
      const times = Array.from({ length: rounds }, () => {
        const packing = cpuSeconds(() => chunks.map((chunk) => coder.pack(isShuffled ? shuffleBytes(chunk, valueBytes) : chunk)));
        const unpacking = cpuSeconds(() =>
          packing.result.map((packed) => (isShuffled ? unshuffleBytes(coder.unpack(packed), valueBytes) : coder.unpack(packed))),
        );
        if (unpacking.result.some((chunk, n) => Buffer.compare(chunk, chunks[n]!) !== 0)) throw new Error(`${coderName} does not give back what it got`);
        return { pack: packing.seconds, unpack: unpacking.seconds, bytes: packing.result.reduce((sum, { length }) => sum + length, 0) };
      });
      const best = (key: 'pack' | 'unpack'): string => Math.min(...times.map((time) => time[key])).toFixed(2);
      const { bytes } = times[0]!;
      console.log(
        `| ${name} | ${coderName} | ${isShuffled ? 'yes' : 'no'} | ${(bytes / 1e6).toFixed(1)} | ${((100 * bytes) / none).toFixed(1)} % | ${best('pack')} | ${best('unpack')} |`,
      );
    }
  }
}

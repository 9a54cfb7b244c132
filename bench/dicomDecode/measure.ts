/** Decoding times, prints a table: node measure.mjs SLICES THREAD_FILE */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDicomFiles } from '../../main/dataset/read/readDicomFiles.ts';
import { decodeFrame } from '../../main/formats/dicom/pixels/decodeFrame.ts';
import { createPixelCodecs } from '../../main/formats/dicom/pixels/pixelCodecs.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { seededRandom } from '../../main/imaging/phantom.ts';
import { encapsulate } from '../../test/phantoms/encapsulate.ts';
import { codecWasm, encodeFrame } from '../../test/phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../../test/phantoms/writeDicomSeries.ts';

const SIDE = 512;
const ROUNDS = 15;
const layout = { rows: SIDE, columns: SIDE, allocatedBits: 16, storedBits: 16, highBit: 15, isSigned: false };

/** A body in air with structures, whole values of 12 bits with grain (standard deviation 12). */
function slice(): Uint16Array {
  const random = seededRandom(1);
  return Uint16Array.from({ length: SIDE * SIDE }, (_, n) => {
    const [x, y] = [((n % SIDE) / SIDE) * 2 - 1, (Math.floor(n / SIDE) / SIDE) * 2 - 1];
    const tissue = x * x + y * y * 1.6 < 0.8 ? 1050 + 60 * Math.sin(9 * x) * Math.cos(7 * y) : 24;
    return Math.max(0, Math.round(tissue + (random() + random() + random() - 1.5) * 24));
  });
}

const [slices, threadFile] = [Number(process.argv[2]), process.argv[3]!];
const pixels = slice();
const codecs = createPixelCodecs(codecWasm);
console.log(`| codec | ms a slice | bytes of ${pixels.byteLength} |\n|---|---|---|`);
for (const codec of ['jpeg', 'jpegLs', 'htj2k', 'jpeg2000'] as const) {
  const bytes = encodeFrame(codec, pixels, { rows: SIDE, columns: SIDE, bits: 12 });
  let leastMs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    decodeFrame({ encoding: codec, bytes, layout, isBigEndian: false, path: codec }, codecs);
    leastMs = Math.min(leastMs, performance.now() - start);
  }
  console.log(`| ${codec} | ${leastMs.toFixed(1)} | ${bytes.length} |`);
}

const folder = mkdtempSync(join(tmpdir(), 'maskloop-bench-'));
try {
  const grid = gridFromAffine([SIDE, SIDE, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const [native] = writeDicomSeries(grid, new Int16Array(pixels), { declaredSyntax: '1.2.840.10008.1.2.4.90' });
  const file = encapsulate(native!, [new Uint8Array(0), encodeFrame('jpeg2000', pixels, { rows: SIDE, columns: SIDE, bits: 12 })]);
  const paths = Array.from({ length: slices }, (_, n) => join(folder, `${n}.dcm`));
  for (const path of paths) writeFileSync(path, file);
  const cores = availableParallelism();
  for (const [name, options] of [
    ['this thread', { threadFile: null }],
    [`${cores} threads`, { threadFile, threads: cores }],
  ] as const) {
    const start = performance.now();
    await readDicomFiles(paths, options);
    console.log(
      `\n${slices} slices of jpeg2000 in ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s, resident ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

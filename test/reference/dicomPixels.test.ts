/** Stored values of real and generated files in every transfer syntax, against pydicom. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppException } from '../../main/contract/errors.ts';
import { inflateDicom } from '../../main/dataset/scan/dicomSources.ts';
import { decodeFrame } from '../../main/formats/dicom/pixels/decodeFrame.ts';
import { looksLikeDicom, parseDicom } from '../../main/formats/dicom/parseDicom.ts';
import { createPixelCodecs } from '../../main/formats/dicom/pixels/pixelCodecs.ts';
import { readEncodedFrames } from '../../main/formats/dicom/pixels/pixelData.ts';
import { type StoredPixels, viewPixels } from '../../main/formats/dicom/pixels/pixelLayout.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { encapsulate } from '../phantoms/encapsulate.ts';
import { codecWasm, encodeFrame } from '../phantoms/encodeFrame.ts';
import { writeDicomSeries } from '../phantoms/writeDicomSeries.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from './dicomPython.ts';
import { programPath } from './program.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from './sharedData.ts';

interface PydicomAnswer {
  readonly sha256?: string;
  readonly dtype?: string;
  /** A file, of lossy codecs. */
  readonly values?: string;
  readonly error?: string;
}
interface Variant {
  readonly file: string;
  readonly syntax: string;
  readonly how: 'same' | 'near' | 'pydicom';
  readonly error: number;
}

const script = (name: string) => readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
const codecs = createPixelCodecs(codecWasm);
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'maskloop-pixels-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function decode(path: string): { syntax: string; frames: StoredPixels[] } {
  const { dataSet, transferSyntaxUid } = parseDicom(readFileSync(path), path, inflateDicom);
  return { syntax: transferSyntaxUid, frames: readEncodedFrames(dataSet, transferSyntaxUid, path).map((frame) => decodeFrame(frame, codecs)) };
}

const bytesOf = (pixels: StoredPixels) => new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

function largestDifference(frames: readonly StoredPixels[], truth: Uint8Array): number {
  let largest = 0;
  let at = 0;
  for (const frame of frames) {
    const isSigned = frame instanceof Int8Array || frame instanceof Int16Array || frame instanceof Int32Array;
    const expected = viewPixels(truth.slice(at, at + frame.byteLength), 8 * frame.BYTES_PER_ELEMENT, isSigned);
    at += frame.byteLength;
    frame.forEach((value, n) => (largest = Math.max(largest, Math.abs(value - expected[n]!))));
  }
  expect(at).toBe(truth.length);
  return largest;
}

function askPydicom(paths: readonly string[]): Record<string, PydicomAnswer> {
  const list = join(folder, 'list.json');
  writeFileSync(list, JSON.stringify(paths));
  return askPython(script('dicomPixels.py'), list, folder);
}

function* filesUnder(root: string): Generator<string> {
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (looksLikeDicom(readFileSync(path).subarray(0, 132))) yield path;
  }
}

/** What is not read, and why; by the end of the reason and the files that it is true of. */
const REFUSED: readonly (readonly [RegExp, RegExp])[] = [
  [/^import\/unreadable no pixel data$/, /./],
  [
    /^import\/unsupported colour image \((RGB|PALETTE COLOR)\), where a volume needs one intensity for each voxel$/,
    /rgb\/|sm_image|HTJ2KLossless_08_RGB|no-pixel-spacing|palette_color/,
  ],
  [/^import\/unsupported a bitmap of 1 bit per pixel, no image to segment$/, /seg|mask/],
  [/^import\/unsupported 12 bits allocated per pixel$/, /GH340/],
  [/^import\/truncated/, /MR_truncated/],
  [/^import\/unreadable Rows or Columns is missing$/, /meta_missing_tsyntax|nested_priv_SQ|no-number-rows/],
  [/^import\/unreadable damaged DICOM file /, /rtplan_truncated|DICOMDIR-nooffset/],
];

describe.skipIf(!hasDicomPython || !hasSharedData)(`real DICOM pixels against pydicom${dicomPythonNotice}${sharedDataNotice}`, () => {
  it('every file has the same stored values, or is refused for a true reason', () => {
    const roots = readdirSync(SHARED_DATA).filter(
      (name) => name.startsWith('dicom_') || ['dicom2nifti_groundtruth', 'prostatex_mr', 'ibsi_oracles'].includes(name),
    );
    const paths = roots.flatMap((root) => [...filesUnder(join(SHARED_DATA, root))]);
    const answers = askPydicom(paths);
    const wrong: string[] = [];
    let equal = 0;
    for (const path of paths) {
      try {
        const hash = createHash('sha256');
        for (const frame of decode(path).frames) hash.update(bytesOf(frame));
        if (hash.digest('hex') === answers[path]?.sha256) equal++;
        else wrong.push(`${path} differs from pydicom (${answers[path]?.error ?? answers[path]?.dtype})`);
      } catch (thrown) {
        if (!(thrown instanceof AppException)) throw thrown;
        const reason = `${thrown.error.code} ${'detail' in thrown.error ? thrown.error.detail : ''}`.trim();
        const isTrue = REFUSED.some(([text, files]) => text.test(reason) && files.test(relative(SHARED_DATA, path)));
        if (!isTrue || (reason.includes('no pixel data') && answers[path]?.sha256)) wrong.push(`${path}: ${reason}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(equal).toBeGreaterThan(200);
  }, 60_000);
});

describe.skipIf(!hasDicomPython)(`generated DICOM pixels${dicomPythonNotice}`, () => {
  const dcmtk = programPath('dcmcjpeg') ? ['dcmtk'] : [];
  let variants: Variant[];
  beforeAll(() => (variants = askPython(script('dicomVariants.py'), folder, ...dcmtk)), 60_000);

  it('every transfer syntax, pixel layout and encapsulation gives what was encoded', () => {
    const wrong: string[] = [];
    for (const { file, syntax, how, error } of variants.filter(({ how }) => how !== 'pydicom')) {
      const decoded = decode(join(folder, file));
      const difference = largestDifference(decoded.frames, readFileSync(join(folder, file.replace('.dcm', '.raw'))));
      if (decoded.syntax !== syntax || difference > error || (how === 'near' && difference === 0)) wrong.push(`${file}: ${decoded.syntax}, ${difference} off`);
    }
    expect(wrong).toEqual([]);
    expect(new Set(variants.map(({ syntax }) => syntax)).size).toBe(dcmtk.length > 0 ? 13 : 9);
  }, 60_000);

  it('lossy images are as pydicom decodes them: JPEG 2000 exactly, JPEG within its rounding', () => {
    const lossy = variants.filter(({ how }) => how === 'pydicom');
    const answers = askPydicom(lossy.map(({ file }) => join(folder, file)));
    const largest: Record<string, number> = {};
    for (const { file, syntax } of lossy) {
      const path = join(folder, file);
      const difference = largestDifference(decode(path).frames, readFileSync(answers[path]!.values!));
      largest[syntax] = Math.max(largest[syntax] ?? 0, difference);
    }
    expect(largest['1.2.840.10008.1.2.4.91']).toBe(0);
    // the standard allows an inverse DCT one step of error; IJG's and libjpeg's round differently
    for (const [syntax, difference] of Object.entries(largest)) expect(difference, syntax).toBeLessThanOrEqual(syntax.endsWith('.91') ? 0 : 1);
  }, 60_000);

  it.each(['201', '202', '203'])('High-Throughput JPEG 2000 (.%s): pydicom and we read what OpenJPH wrote', (syntax) => {
    const grid = gridFromAffine([90, 70, 1], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const pixels = Int16Array.from({ length: 6300 }, (_, n) => Math.round(20_000 * Math.sin(n / 31) + 12_000 * Math.sin(n * n)));
    const [native] = writeDicomSeries(grid, pixels, { declaredSyntax: `1.2.840.10008.1.2.4.${syntax}` });
    const codestream = encodeFrame('htj2k', pixels, { rows: 70, columns: 90, bits: 16, isSigned: true });
    const path = join(folder, `${syntax}.dcm`);
    writeFileSync(path, encapsulate(native!, [new Uint8Array(0), codestream]));
    const [frame] = decode(path).frames;
    expect(frame).toEqual(pixels);
    expect(askPydicom([path])[path]).toMatchObject({ dtype: 'int16', sha256: createHash('sha256').update(bytesOf(frame!)).digest('hex') });
  });
});

/** docs/conformance.md says what becomes of every real image; every volume file has the voxels that other people's programs find. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { affineFromGrid } from '../../main/imaging/grid.ts';
import { fromCanonical } from '../../main/imaging/orientation.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { SHARED_DATA, hasSharedData, sharedDataNotice } from '../reference/sharedData.ts';
import { conformanceDocument, type SeenObject } from './conformanceDocument.ts';
import { everySet, type ConformanceSet } from './everyFile.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const DOCUMENT = here('../../docs/conformance.md');
const isUpdate = process.env.MASKLOOP_UPDATE_DOCS === '1';

/** In which they say nothing, with the reason. */
const NOT_READ_BY_OTHERS: Readonly<Record<string, string>> = {
  'nifti_oddities/nifti-rs/minimal2.hdr': 'its voxels are in minimal2.img.gz; nibabel looks for minimal2.img only',
};

interface VolumeDigest {
  readonly error?: string;
  readonly dims: number[];
  readonly affine: number[][];
  readonly digests: string[];
}

/** Float32, with -0 as 0. */
function digestOf(voxels: ArrayLike<number>): string {
  const floats = Float32Array.from(voxels, (value) => value + 0);
  return createHash('sha256').update(new Uint8Array(floats.buffer)).digest('hex');
}

describe.skipIf(!hasSharedData || !hasDicomPython)(`every real image${sharedDataNotice}${dicomPythonNotice}`, () => {
  let sets: ConformanceSet[] = [];
  const scratch = mkdtempSync(join(tmpdir(), 'maskloop-conformance-'));
  beforeAll(async () => {
    sets = await everySet();
  }, 120_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is read or refused as docs/conformance.md says', () => {
    const seen = askPython<SeenObject[]>(readFileSync(here('objectsSeen.py'), 'utf8'), SHARED_DATA);
    const text = conformanceDocument(sets, seen);
    if (isUpdate) writeFileSync(DOCUMENT, text);
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
  }, 60_000);

  it('in a volume file has the voxels and the place that nibabel or SimpleITK find', () => {
    const volumes = sets
      .flatMap(({ outcomes }) => outcomes)
      .flatMap(({ source, loaded }) => (loaded && source.kind === 'volume' && source.files.length === 1 ? [{ path: source.files[0]!, loaded }] : []));
    expect(volumes.length).toBeGreaterThan(150);
    const list = join(scratch, 'volumes.json');
    writeFileSync(list, JSON.stringify(volumes.map(({ path }) => path)));
    const truth = askPython<VolumeDigest[]>(readFileSync(here('volumeDigests.py'), 'utf8'), list);
    const failed = Object.fromEntries(truth.flatMap(({ error }, n) => (error ? [[relative(SHARED_DATA, volumes[n]!.path), error]] : [])));
    expect(Object.keys(failed)).toEqual(Object.keys(NOT_READ_BY_OTHERS));
    for (const [n, { path, loaded }] of volumes.entries()) {
      if (truth[n]!.error) continue;
      const { dims, affine, digests } = truth[n]!;
      expect([...loaded.sourceGrid.dimsIjk], path).toEqual(dims);
      expect(
        loaded.channels.map(({ voxels }) => digestOf(fromCanonical(voxels, loaded.sourceGrid))),
        path,
      ).toEqual(digests);
      if (!loaded.isPlaced) continue;
      const ours = affineFromGrid(loaded.sourceGrid).map((value, index) => (index < 8 ? -value : value));
      const largest = Math.max(...affine.flat().map((value, index) => Math.abs(value - ours[index]!)));
      expect(largest, path).toBeLessThan(1e-3);
    }
  }, 120_000);
});

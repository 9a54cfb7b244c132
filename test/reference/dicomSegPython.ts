import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Segmentation } from '../../main/formats/segmentation/segmentation.ts';
import { affineFromGrid } from '../../main/imaging/grid.ts';
import { askPython } from './dicomPython.ts';

export interface DigestedMask {
  readonly sha1: string;
  readonly count: number;
}
export interface PydicomMasks {
  /** By segment number. */
  readonly masks: Readonly<Record<string, DigestedMask>>;
  /** In voxels: how far frames lie from the grid. */
  readonly largestMiss: number;
}

/** What pydicom finds in segmentation files, on the grids of `read`; in their order. */
export function pydicomMasks(files: readonly { readonly path: string; readonly read: Segmentation }[]): PydicomMasks[] {
  const folder = mkdtempSync(join(tmpdir(), 'maskloop-seg-'));
  const jobs = join(folder, 'jobs.json');
  writeFileSync(jobs, JSON.stringify(files.map(({ path, read }) => ({ path, affine: affineFromGrid(read.grid), dims: read.grid.dimsIjk }))));
  const answers = askPython<PydicomMasks[]>(readFileSync(new URL('dicomSeg.py', import.meta.url), 'utf8'), jobs);
  rmSync(folder, { recursive: true });
  return answers;
}

export const digestedMask = (mask: Uint8Array): DigestedMask => ({
  sha1: createHash('sha1').update(mask).digest('hex'),
  count: mask.reduce((sum, voxel) => sum + voxel, 0),
});

export const digestedMasks = ({ segments, maskOf }: Segmentation): Record<string, DigestedMask> =>
  Object.fromEntries(segments.map(({ number }, index) => [number, digestedMask(maskOf(index))]));

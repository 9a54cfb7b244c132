import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { UNLABELLED_CASE } from './walkTheLoop.ts';

/** Reads the exported label map of the corrected case beside the image it belongs to. */
export function checkExport(output: string, studies: string): void {
  const names = readdirSync(output);
  expect(names).toContain(`${UNLABELLED_CASE}.nii.gz`);
  expect(names.length).toBe(5); // four imported label maps and the corrected one
  const read = (path: string) => readNifti(gunzipSync(readFileSync(path)), path);
  const labels = read(join(output, `${UNLABELLED_CASE}.nii.gz`));
  const image = read(join(studies, 'nifti/imagesTr', `${UNLABELLED_CASE}.nii.gz`));
  expect(labels.grid.dimsIjk).toEqual(image.grid.dimsIjk);
  labels.grid.originLpsMm.forEach((value, axis) => expect(value).toBeCloseTo(image.grid.originLpsMm[axis]!, 3));
  labels.grid.direction.forEach((value, index) => expect(value).toBeCloseTo(image.grid.direction[index]!, 5));
  const voxels = labels.channels[0]!;
  expect(voxels.some((value) => value === 1)).toBe(true); // the stroke painted segment 1
  expect([...new Set(voxels)].every((value) => value === 0 || value === 1 || value === 2)).toBe(true);
}

const PYTHON = [process.env.MASKLOOP_NIBABEL_PYTHON, join(process.env.HOME ?? '', '.cache/maskloop/python-nibabel/bin/python')].find((path) => path && existsSync(path));
export const nibabelPython = PYTHON ?? null;

/** The same file seen by somebody else's program. */
export function shapeByNibabel(path: string): number[] {
  const script = 'import sys, json, nibabel; print(json.dumps(nibabel.load(sys.argv[1]).shape))';
  return JSON.parse(execFileSync(PYTHON!, ['-c', script, path], { encoding: 'utf8' })) as number[];
}

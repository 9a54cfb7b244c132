import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { readNifti } from '../../main/formats/nifti/readNifti.ts';
import { UNLABELLED_CASE } from './walkTheLoop.ts';

/** Reads the exported label map of the corrected case beside the image it belongs to. */
export function checkExport(output: string, studies: string): void {
  const names = readdirSync(output);
  expect(names).toContain(`${UNLABELLED_CASE}.nii.gz`);
  expect(names.filter((name) => name.endsWith('.nii.gz'))).toHaveLength(5); // four imported label maps and the corrected one
  expect(names).toContain('export-report.json');
  const segmentations = readdirSync(join(output, 'seg')).filter((name) => name.endsWith('.seg.dcm'));
  expect(segmentations).toHaveLength(5);
  for (const name of segmentations) expect(readFileSync(join(output, 'seg', name)).toString('latin1', 128, 132)).toBe('DICM');
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

const { MASKLOOP_REFERENCE_PYTHON: python, MASKLOOP_REFERENCE_PACKAGES: packages } = process.env;
/** `npm test` fetches nibabel; vitest alone does without. */
export const hasNibabel = python !== undefined && packages !== undefined;

/** Shape, affine (RAS) and label values of a file as somebody else's program reads them. */
export function readByNibabel(path: string): { shape: number[]; affine: number[][]; values: number[] } {
  const script = [
    'import sys, json, nibabel, numpy',
    'image = nibabel.load(sys.argv[1])',
    "print(json.dumps({'shape': image.shape, 'affine': image.affine.tolist(), 'values': numpy.unique(numpy.asanyarray(image.dataobj)).tolist()}))",
  ].join('\n');
  const env = { ...process.env, PYTHONPATH: packages };
  return JSON.parse(execFileSync(python!, ['-c', script, path], { encoding: 'utf8', env })) as ReturnType<typeof readByNibabel>;
}

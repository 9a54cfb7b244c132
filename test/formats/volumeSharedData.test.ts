/** Every volume file of the real images: nibabel and SimpleITK see the same voxels in the same place, or it is refused for a reason. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../main/contract/errors.ts';
import { AppException } from '../../main/contract/errors.ts';
import { isVolumeName, readVolumeFile } from '../../main/dataset/read/volumeFile.ts';
import { affineFromGrid } from '../../main/imaging/grid.ts';
import { askPython, dicomPythonNotice, hasDicomPython } from '../reference/dicomPython.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../reference/sharedData.ts';

interface Seen {
  /** Of the voxels as float32, i fastest, channel by channel. */
  readonly sha256: string;
  readonly affineLps: readonly number[];
}
/** `null` where the program refuses the file. */
type Oracle = Record<string, { nibabel: Seen | null; itk: Seen | null }>;

const ORACLE = `
import hashlib, json, sys
import nibabel, numpy as np, SimpleITK as sitk
sitk.ProcessObject.SetGlobalWarningDisplay(False)

def digest(array):
    values = array.astype(np.float32).ravel(order='F')
    values[~np.isfinite(values)] = 0
    return hashlib.sha256(values.tobytes()).hexdigest()

def with_nibabel(path):
    image = nibabel.load(path)
    affine = np.diag([-1, -1, 1, 1]) @ image.affine
    return {'sha256': digest(np.asanyarray(image.dataobj)), 'affineLps': affine.ravel().tolist()}

def with_itk(path):
    image = sitk.ReadImage(path)
    n = image.GetDimension()
    affine = np.eye(4)
    affine[:n, :n][:3, :3] = (np.array(image.GetDirection()).reshape(n, n) @ np.diag(image.GetSpacing()))[:3, :3]
    affine[:min(n, 3), 3] = image.GetOrigin()[:3]
    return {'sha256': digest(sitk.GetArrayFromImage(image).T), 'affineLps': affine.ravel().tolist()}

def attempt(read, path):
    try:
        return read(path)
    except Exception:
        return None

print(json.dumps({path: {'nibabel': attempt(with_nibabel, path), 'itk': attempt(with_itk, path)} for path in sys.argv[1:]}))`;

function volumesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && isVolumeName(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function see(path: string): Promise<{ seen: Seen; warnings: readonly AppError[] } | AppError> {
  try {
    const { grid, channels, warnings } = await readVolumeFile(path);
    const hash = createHash('sha256');
    for (const channel of channels) {
      const floats = channel instanceof Float32Array ? channel : Float32Array.from(channel);
      hash.update(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
    }
    return { seen: { sha256: hash.digest('hex'), affineLps: affineFromGrid(grid) }, warnings };
  } catch (thrown) {
    if (thrown instanceof AppException) return thrown.error;
    throw thrown;
  }
}

const largestDifference = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, n) => Math.abs(value - b[n]!)));

/** What no grid of ours can hold, and why. Paths below the folder of the real images. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'dicom2nifti_groundtruth/generic/rgb/001_ground_truth.nii.gz': /RGBA colour/,
  'nifti_oddities/nibabel/analyze.hdr': /\.img file with its voxels is missing/,
  'nifti_oddities/nibabel/nifti1.hdr': /\.img file with its voxels is missing/,
  'nifti_oddities/nibabel/nifti2.hdr': /\.img file with its voxels is missing/,
  'nifti_oddities/nifti-rs/complex/complex32.nii': /complex64/,
  'nifti_oddities/nifti-rs/complex/complex64.nii': /complex128/,
  'nifti_oddities/nifti-rs/fuzz_artifacts/crash-1.nii': /does not begin with 348/,
  'nifti_oddities/nifti-rs/fuzz_artifacts/crash-ed7d46344d7efb3b9f0c374d66d2e02f66cc447d.nii': /does not begin with 348/,
  'nifti_oddities/nifti-rs/rgb/3D.nii': /RGB colour/,
  'nifti_oddities/nifti-rs/rgb/4D.nii': /RGB colour/,
  'nifti_oddities/nifti-rs/rgba/4D.nii': /RGBA colour/,
};

describe.skipIf(!hasDicomPython || !hasSharedData)(`volume files among the real images${dicomPythonNotice}${sharedDataNotice}`, () => {
  const files = hasSharedData ? volumesIn(SHARED_DATA) : [];
  let oracle: Oracle = {};
  beforeAll(() => {
    oracle = askPython<Oracle>(ORACLE, ...files);
  }, 120_000);

  it('voxels and affines are those of nibabel and SimpleITK; the rest is refused with its reason', async () => {
    expect(files.length).toBeGreaterThan(300);
    const wrong: unknown[] = [];
    const refused: Record<string, string> = {};
    for (const path of files) {
      const name = relative(SHARED_DATA, path);
      const answer = await see(path);
      if ('code' in answer) {
        refused[name] = 'detail' in answer ? String(answer.detail) : answer.code;
        continue;
      }
      const { nibabel, itk } = oracle[path]!;
      const isOpen = answer.warnings.some(({ code }) => code === 'import/orientation-assumed');
      for (const [program, theirs] of Object.entries({ nibabel, itk })) {
        if (!theirs) continue;
        if (theirs.sha256 !== answer.seen.sha256) wrong.push([program, name, 'voxels']);
        // where a header leaves the orientation open the two disagree; we follow nibabel
        if (isOpen && program === 'itk') continue;
        if (largestDifference(theirs.affineLps, answer.seen.affineLps) > 2e-4) wrong.push([program, name, theirs.affineLps, answer.seen.affineLps]);
      }
      if (!nibabel && !itk) wrong.push([name, 'read by us alone']);
    }
    expect(wrong).toEqual([]);
    expect(refused).toEqual(Object.fromEntries(Object.entries(REFUSED).map(([name, reason]) => [name, expect.stringMatching(reason)])));
  }, 120_000);
});

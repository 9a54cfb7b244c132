/** Structure sets of other programs (MIM, rt-utils, pydicom): filled, they give the masks that others made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { fillInPython } from '../../../test/reference/fillInPython.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../test/reference/sharedData.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { readNifti } from '../nifti/readNifti.ts';
import { rasterizeRtStruct } from './rasterizeRtStruct.ts';
import { readRtStruct } from './readRtStruct.ts';

const read = (path: string) => readRtStruct(new Uint8Array(readFileSync(join(SHARED_DATA, path))), path);

describe.skipIf(!hasSharedData)(`structure sets of other programs${sharedDataNotice}`, () => {
  it.each(['CT', 'MR_T1', 'PET'])('STS_025 %s: filling by pixel centre gives the NIfTI mask, no voxel differs', (modality) => {
    const folder = `sts_dicom_rtstruct/dicom/STS_025/${modality}`;
    const struct = read(`${folder}/mask/RS.dcm`);
    const mask = readNifti(new Uint8Array(gunzipSync(readFileSync(join(SHARED_DATA, `sts_dicom_rtstruct/nifti/STS_025/${modality}_mask.nii.gz`)))), 'mask');
    const segmentation = rasterizeRtStruct(struct, mask.grid);
    expect(segmentation.segments).toMatchObject([{ number: 1, name: `GTV_Mass_${modality}`, colorRgb: [255, 0, 0] }]);
    const filled = segmentation.maskOf(0);
    let differing = 0;
    let inside = 0;
    for (let at = 0; at < filled.length; at++) {
      if (filled[at] !== mask.channels[0]![at]) differing++;
      inside += filled[at]!;
    }
    expect(inside).toBeGreaterThan(500);
    expect(differing).toBe(0);
    expect(segmentation.warnings).toEqual([]);
  });

  // the axial images beside the files: two of five slices
  const RT_UTILS_GRID = gridFromAffine([512, 512, 2], [0.488281, 0, 0, -125, 0, 0.488281, 0, -125, 0, 0, 5, 60, 0, 0, 0, 1]);
  it.skipIf(!hasDicomPython).each(['rt', 'invalid_reference_rt', 'non_existent_reference_rt'])(
    `rt-utils %s: the pixels that rays in Python find inside${dicomPythonNotice}`,
    (name) => {
      const path = `dicom_rtstruct_interop/rt-utils/mock_data/${name}.dcm`;
      const { segments, maskOf, image } = rasterizeRtStruct(read(path), RT_UTILS_GRID);
      const expected = fillInPython(join(SHARED_DATA, path), RT_UTILS_GRID);
      expect(segments.map((_, index) => Buffer.compare(maskOf(index), expected[index]!))).toEqual(expected.map(() => 0));
      expect(maskOf(0).includes(1)).toBe(true);
      // one of them refers to no image at all, and the frame of reference is left
      expect(image.frameOfReferenceUid).toMatch(/^1\.2\./);
    },
  );

  it('pydicom, without preamble: the patient is filled, the isocentres are not', () => {
    const struct = read('dicom_rtstruct_interop/pydicom_rtstruct_no_preamble.dcm');
    expect(struct.rois.map(({ name, interpretedType, contours }) => [name, interpretedType, contours.length])).toEqual([['patient', 'EXTERNAL', 3]]);
    expect(struct.warnings).toHaveLength(2);
    expect(struct.image).toMatchObject({ seriesUid: '1.2.826.0.1.3680043.8.498.2010020400001.2.1.1', sopInstanceUids: [] });
    expect(struct.rois[0]!.contours.map(({ pointsLpsMm }) => pointsLpsMm[2])).toEqual([-200, -190, -180]);
  });
});

/** Structure sets of other programs (MIM, rt-utils, pydicom): filled, they give the masks that others made of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../test/reference/sharedData.ts';
import { readNifti } from '../nifti/readNifti.ts';
import { contourExtent } from './contourExtent.ts';
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
  });
});

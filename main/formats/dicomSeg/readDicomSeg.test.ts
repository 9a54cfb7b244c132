import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dicomPythonNotice, hasDicomPython } from '../../../test/reference/dicomPython.ts';
import { digestedMasks, pydicomMasks } from '../../../test/reference/dicomSegPython.ts';
import { hasSharedData, SHARED_DATA, sharedDataNotice } from '../../../test/reference/sharedData.ts';
import { AppException } from '../../contract/errors.ts';
import { readDicomSeg } from './readDicomSeg.ts';

const folder = join(SHARED_DATA, 'dicom_seg_interop');
const read = (file: string) => readDicomSeg(readFileSync(join(folder, file)), file);

const OTHERS = [
  'dcmqi/sr-example/seg.dcm',
  'dcmqi/segmentations/24x38x3/seg/label.seg',
  'dcmqi/segmentations/23x38x3/seg/label.seg',
  'dcmqi/segmentations/liver.dcm',
  'highdicom/seg_image_ct_binary.dcm',
  'highdicom/seg_image_ct_binary_overlap.dcm',
  'highdicom/seg_image_ct_binary_single_frame.dcm',
  'highdicom/seg_image_ct_binary_fractional.dcm',
  'highdicom/seg_image_ct_true_fractional.dcm',
];

describe.skipIf(!hasSharedData)(`segmentation objects of dcmqi and highdicom${sharedDataNotice}`, () => {
  it.skipIf(!hasDicomPython)(`every voxel lies where pydicom has it${dicomPythonNotice}`, async () => {
    const files = await Promise.all(OTHERS.map(async (file) => ({ path: join(folder, file), read: await read(file) })));
    pydicomMasks(files).forEach(({ masks, largestMiss }, n) => {
      expect(largestMiss, OTHERS[n]).toBeLessThan(1e-3);
      expect(digestedMasks(files[n]!.read), OTHERS[n]).toEqual(masks);
    });
  });

  it('names, colours and codes of dcmqi', async () => {
    const { segments, image } = await read('dcmqi/segmentations/liver.dcm');
    expect(segments).toEqual([
      {
        number: 1,
        name: 'Liver',
        colorRgb: [217, 130, 101],
        codes: { category: { scheme: 'SRT', value: 'T-D0050', meaning: 'Tissue' }, type: { scheme: 'SRT', value: 'T-62000', meaning: 'Liver' } },
      },
    ]);
    expect(image.seriesUid).toBe('1.2.392.200103.20080913.113635.1.2009.6.22.21.43.10.23430.1');
    expect(image.sopInstanceUids).toHaveLength(3);
  });

  it.each([
    ['highdicom/seg_image_sm_numbers.dcm', 'slide'],
    ['highdicom/seg_image_sm_control_labelmap.dcm', 'slide'],
    ['highdicom/seg_image_sm_dots_tiled_full.dcm', 'slide'],
    ['highdicom/seg_image_cr_binary.dcm', 'projection'],
    ['highdicom/ct_image.dcm', 'no segmentation object'],
  ])('%s is refused: %s', async (file, reason) => {
    const thrown: unknown = await read(file).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(AppException);
    expect((thrown as AppException).error).toMatchObject({ code: 'import/unsupported', detail: expect.stringContaining(reason) });
  });
});

import { gzipSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Segment } from '../../contract/vocabulary.ts';
import { gridFromAffine } from '../../imaging/grid.ts';
import { writeNrrd } from './writeNrrd.ts';

const grid = gridFromAffine([3, 2, 2], [0, 0, 3, -10, 0, -1.5, 0, 20, 0.5, 0, 0, 30.25, 0, 0, 0, 1]);
const gzip = (bytes: Uint8Array) => Promise.resolve<Uint8Array>(gzipSync(bytes));
const liver: Segment = {
  labelValue: 2,
  name: 'Leber',
  colorRgb: [255, 0, 128],
  codes: { category: { scheme: 'SCT', value: '123037004', meaning: 'Anatomical Structure' }, type: { scheme: 'SCT', value: '10200004', meaning: 'Liver' } },
};

describe('writeNrrd', () => {
  it('says geometry in LPS, what the labels mean as Slicer does, and keys with their values', async () => {
    const voxels = Uint8Array.of(0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2);
    const bytes = await writeNrrd({ grid, voxels, segments: [liver], keyValues: { Origin: 'a\\b\nc' } }, gzip);
    const headerBytes = Buffer.from(bytes).indexOf('\n\n') + 2;
    const lines = Buffer.from(bytes.subarray(0, headerBytes)).toString().split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'type: unsigned char',
        'space: left-posterior-superior',
        'space directions: (0,0,0.5) (0,-1.5,0) (3,0,0)',
        'space origin: (-10,20,30.25)',
        'Segment0_Extent:=1 2 1 1 0 1',
        'Segment0_Color:=1.000000 0.000000 0.501961',
        'Segment0_Tags:=TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical Structure~SCT^10200004^Liver~^^~Anatomic codes - DICOM master list~^^~^^|',
        'Segmentation_MasterRepresentation:=Binary labelmap',
        'Segmentation_SourceRepresentation:=Binary labelmap',
        'Origin:=a\\\\b\\nc',
      ]),
    );
    expect(new Uint8Array(gunzipSync(bytes.subarray(headerBytes)))).toEqual(voxels);
    await expect(writeNrrd({ grid, voxels, keyValues: { 'a b': '' } }, gzip)).rejects.toThrow('key');
    await expect(writeNrrd({ grid, voxels: voxels.subarray(1) }, gzip)).rejects.toThrow('fill');
  });
});

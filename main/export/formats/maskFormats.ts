import type { ExportFormat } from '../../contract/vocabulary.ts';
import type { MaskFormat } from '../maskToExport.ts';
import { encodeDicomSegAs } from './dicomSegFormat.ts';
import { encodeMeshAs } from './meshFormat.ts';
import { encodeMetaImage } from './metaImageFormat.ts';
import { encodeNifti } from './niftiFormat.ts';
import { encodeNrrd } from './nrrdFormat.ts';
import { encodeRtStruct } from './rtStructFormat.ts';

/** How a label map becomes the files of each format. */
export const MASK_FORMATS: Readonly<Record<ExportFormat, MaskFormat>> = {
  nifti: encodeNifti,
  nrrd: encodeNrrd,
  mha: encodeMetaImage,
  'dicom-seg': encodeDicomSegAs('dicom-seg'),
  'dicom-seg-labelmap': encodeDicomSegAs('dicom-seg-labelmap'),
  rtstruct: encodeRtStruct,
  stl: encodeMeshAs('stl'),
  obj: encodeMeshAs('obj'),
};

import type { ExportFormat } from '../../contract/vocabulary.ts';
import { AppException } from '../../contract/errors.ts';
import type { MaskFormat } from '../maskToExport.ts';
import { encodeMeshAs } from './meshFormat.ts';
import { encodeMetaImage } from './metaImageFormat.ts';
import { encodeNifti } from './niftiFormat.ts';
import { encodeNrrd } from './nrrdFormat.ts';
import { encodeRtStruct } from './rtStructFormat.ts';

const soon: MaskFormat = ({ caseId }) => {
  throw new AppException({ code: 'export/unsupported', caseId, detail: 'this format is not built in yet' });
};

/** How a label map becomes the files of each format. */
export const MASK_FORMATS: Readonly<Record<ExportFormat, MaskFormat>> = {
  nifti: encodeNifti,
  nrrd: encodeNrrd,
  mha: encodeMetaImage,
  'dicom-seg': soon,
  'dicom-seg-labelmap': soon,
  rtstruct: encodeRtStruct,
  stl: encodeMeshAs('stl'),
  obj: encodeMeshAs('obj'),
};

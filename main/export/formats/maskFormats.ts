import { AppException } from '../../contract/errors.ts';
import type { ExportFormat } from '../../contract/vocabulary.ts';
import type { MaskFormat } from '../maskToExport.ts';
import { encodeNifti } from './niftiFormat.ts';

const soon: MaskFormat = ({ caseId }) => {
  throw new AppException({ code: 'export/unsupported', caseId, detail: 'this format is not built in yet' });
};

/** How a label map becomes the files of each format. */
export const MASK_FORMATS: Readonly<Record<ExportFormat, MaskFormat>> = {
  nifti: encodeNifti,
  nrrd: soon,
  mha: soon,
  'dicom-seg': soon,
  'dicom-seg-labelmap': soon,
  rtstruct: soon,
  stl: soon,
  obj: soon,
};

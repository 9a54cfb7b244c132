import { randomBytes } from 'node:crypto';
import { AppException } from '../../contract/errors.ts';
import { EXPORT_FORMATS } from '../../contract/exportFormats.ts';
import { writeImplicitDicom } from '../../formats/dicom/write/writeDicom.ts';
import { rtStructOf, whyNoRtStruct } from '../../formats/rtStruct/rtStructOf.ts';
import { deidentifiedIfAsked } from '../deidentifiedIfAsked.ts';
import type { MaskFormat } from '../maskToExport.ts';

/** Contours on the slices of the images; nothing to draw them on is no structure set. */
export const encodeRtStruct: MaskFormat = ({ caseId, baseName, maskName, mask, painted, provenance, reference, deidentify, writtenAtMs }) => {
  const objection = whyNoRtStruct(reference ?? undefined, mask.grid);
  if (objection || !reference) throw new AppException({ code: 'export/unsupported', caseId, detail: objection ?? 'no images' });
  if (painted.length === 0) throw new AppException({ code: 'export/nothing-painted', caseId });
  const { grid, voxels: labels } = mask;
  const dataset = rtStructOf({ grid, labels, segments: painted, reference, provenance, maskName, nowMs: writtenAtMs, random: randomBytes });
  const { dataset: written, report } = deidentifiedIfAsked(dataset, deidentify);
  const file = { name: `${baseName}${EXPORT_FORMATS.rtstruct.ending}`, chunks: [writeImplicitDicom(written)], segments: painted, deidentified: report };
  return Promise.resolve({ files: [file], warnings: [] });
};

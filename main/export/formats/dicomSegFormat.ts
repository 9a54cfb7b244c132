import { randomBytes } from 'node:crypto';
import { AppException, type AppError } from '../../contract/errors.ts';
import { EXPORT_FORMATS } from '../../contract/exportFormats.ts';
import { writeDicom } from '../../formats/dicom/write/writeDicom.ts';
import { dicomSegOf } from '../../formats/dicomSeg/writeDicomSeg.ts';
import { deidentifiedIfAsked } from '../deidentifiedIfAsked.ts';
import type { MaskFormat, MaskToExport } from '../maskToExport.ts';
import { uncodedWarnings } from '../uncodedSegments.ts';

const TYPES = { 'dicom-seg': 'BINARY', 'dicom-seg-labelmap': 'LABELMAP' } as const;

/** A segmentation object of the segments that are painted. */
export const encodeDicomSegAs =
  (format: keyof typeof TYPES): MaskFormat =>
  (source) => {
    const { caseId, baseName, maskName, mask, painted, provenance, reference, subject, deidentify, writtenAtMs } = source;
    if (painted.length === 0) throw new AppException({ code: 'export/nothing-painted', caseId });
    const { dataset, pixels } = dicomSegOf({
      type: TYPES[format],
      grid: mask.grid,
      labels: mask.voxels,
      segments: painted,
      ...(reference ? { reference } : {}),
      subject,
      provenance,
      ...(maskName !== null && { seriesDescription: `Maskloop segmentation: ${maskName}`, contentLabel: maskName }),
      nowMs: writtenAtMs,
      random: randomBytes,
    });
    const { dataset: written, report } = deidentifiedIfAsked(dataset, deidentify);
    const name = `${baseName}${EXPORT_FORMATS[format].ending}`;
    const file = { name, chunks: [writeDicom(written, pixels)], segments: painted, deidentified: report };
    return Promise.resolve({ files: [file], warnings: [...uncodedWarnings(painted), ...orphanWarnings(source)] });
  };

function orphanWarnings({ caseId, reference }: MaskToExport): AppError[] {
  return reference ? [] : [{ code: 'export/no-dicom-source', caseId, detail: 'it was not imported from DICOM, or before Maskloop kept what its images say' }];
}

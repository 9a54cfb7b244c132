import type { AppError } from '../contract/errors.ts';
import type { Provenance } from '../contract/provenance.ts';
import type { CaseId, Segment } from '../contract/vocabulary.ts';
import type { DeidentifyOptions } from '../formats/dicom/deidentify/deidentify.ts';
import type { DeidentifyReport } from '../formats/dicom/deidentify/deidentifyReport.ts';
import type { DicomReference } from '../formats/dicom/dicomReference.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import type { Volume } from '../imaging/volume.ts';

/** One label map on its way out of the project. */
export interface MaskToExport {
  readonly caseId: CaseId;
  /** File names begin with it. */
  readonly baseName: string;
  /** `null`: the only mask of its case, which nobody gave a name, or not to be told. */
  readonly maskName: string | null;
  /** In the voxel order and geometry of the file the user gave. */
  readonly mask: Volume<LabelArray>;
  /** What the label values mean, ascending; no voxel has another one. */
  readonly segments: readonly Segment[];
  /** Those of `segments` that are painted somewhere. */
  readonly painted: readonly Segment[];
  readonly provenance: Provenance;
  /** What was kept of the DICOM images; `null` for other sources and for older imports. */
  readonly reference: DicomReference | null;
  /** Names the patient where there is no reference. */
  readonly subject: string;
  /** `null`: patient, people and times stay. Only formats of DICOM have them. */
  readonly deidentify: DeidentifyOptions | null;
  readonly writtenAtMs: number;
}

export interface FileToWrite {
  /** `baseName` with an ending, and for one file of several the segment in between. */
  readonly name: string;
  readonly chunks: readonly Uint8Array[];
  /** Where a file holds one segment only; else all of the mask's. */
  readonly segments?: readonly Segment[];
  /** What was done to a DICOM file that was de-identified. */
  readonly deidentified?: DeidentifyReport;
}

export interface EncodedMask {
  readonly files: readonly FileToWrite[];
  readonly warnings: readonly AppError[];
}

/** Throws AppException `export/…` for what the format cannot hold. */
export type MaskFormat = (mask: MaskToExport) => Promise<EncodedMask>;

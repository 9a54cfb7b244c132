import type { LabelRules, MsdTask, Segment } from '../contract/vocabulary.ts';

interface SourceFacts {
  /** File or folder name without ending; unique within one scan. Predictions of folders are named after it. */
  readonly baseName: string;
  /** What to show the user as the origin: a file, or the folder of a series. */
  readonly path: string;
  readonly files: readonly string[];
}

/** One file per channel, or one file with a fourth dimension. */
export interface NiftiSource extends SourceFacts {
  readonly kind: 'nifti';
  /** From `dataset.json`; empty when unknown. */
  readonly channelNames: readonly string[];
  readonly labelFile?: string;
  /** From `dataset.json`; empty when unknown. */
  readonly segments: readonly Segment[];
  /** From `dataset.json`. */
  readonly labelRules?: LabelRules;
  readonly msdTask?: MsdTask;
}

/** The files of one series, in no particular order. */
export interface DicomSource extends SourceFacts {
  readonly kind: 'dicom';
  /** Series UID and image size; empty when the files name no series. */
  readonly seriesKey: string;
  readonly modality: string;
  readonly patientId: string;
}

/** One case to be, found but not yet read. */
export type Source = NiftiSource | DicomSource;

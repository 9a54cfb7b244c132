import type { LabelRules, MsdTask, Segment } from '../../contract/vocabulary.ts';

/** A file as it lay there when it was found. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

interface SourceFacts {
  /** File or folder name without ending; unique within one scan. Predictions of folders are named after it. */
  readonly baseName: string;
  /** What to show the user as the origin: a file, or the folder of a series. */
  readonly path: string;
  readonly files: readonly string[];
}

/** NIfTI, NRRD, MetaImage: one file per channel, or one file with a fourth dimension. */
export interface VolumeSource extends SourceFacts {
  readonly kind: 'volume';
  /** From `dataset.json`; empty when unknown. */
  readonly channelNames: readonly string[];
  readonly labelFile?: string;
  /** A model drew it, and nobody has looked at it yet. */
  readonly isDraft?: boolean;
  /** From `dataset.json`; empty when unknown. */
  readonly segments: readonly Segment[];
  /** From `dataset.json`. */
  readonly labelRules?: LabelRules;
  readonly msdTask?: MsdTask;
  /** From `splits_final.json`: the fold that holds the case out; `null`: none. */
  readonly heldOutIn?: number | null;
}

/** One stack of a series, its files in no particular order. */
export interface DicomSource extends SourceFacts {
  readonly kind: 'dicom';
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  /** `DicomSlice.key` of every image: SOP instance UID, with the frame number where a file has several. */
  readonly imageKeys: readonly string[];
  /** Stable identity: series UID and a hash of the images; '' when the files lack UIDs. */
  readonly sourceKey: string;
  /** As projects of version 0.1 have it; '' when there is none. */
  readonly olderSourceKey: string;
  /** Smallest and largest L, P, S of the voxel centres; absent for images without a place in the patient. */
  readonly extentLpsMm?: readonly [readonly number[], readonly number[]];
  /** The files have frames that belong to other stacks. */
  readonly isPartOfFiles: boolean;
  readonly modality: string;
  readonly patientId: string;
}

/** One case to be, found but not yet read. */
export type Source = VolumeSource | DicomSource;

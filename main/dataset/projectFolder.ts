/** Where things lie inside a project folder. The database stores no absolute path, so a project can be moved. */
import { join } from 'node:path';
import type { CaseId, Revision, RunId, UploadId } from '../contract/vocabulary.ts';

export const DATABASE_FILE = 'maskloop.db';
/** Hidden files and folders with these beginnings are unfinished work; they are removed when a project is opened. */
export const IMPORTING_PREFIX = '.importing-';
export const PENDING_PREFIX = '.pending-';

/**
 * What an encrypted project seals, file by file. Beside these the folder holds what has its own encryption (database, its
 * backups), what says nothing (lock, project file), and what the user puts there, such as exports.
 */
export const SEALED_NAMES = [
  'cases',
  'runs',
  'uploads',
  'preprocessed',
  'inbox',
  'phantoms',
  'lost-and-found',
  'scanned-files.json.gz',
  'splits_final.json',
  'plans.json',
  'dataset_fingerprint.json',
  'inference_information.json',
  'auto-retrain.json',
  'worklist.json',
  'effort.ndjson',
  'deidentify.key',
] as const;

export const THUMBNAIL_PREFIX = 'thumbnail-r';

export class ProjectFolder {
  /** `scratch`: where a project that is only looked at keeps what it must write: pictures, uploads. Absent: in the project. */
  constructor(
    readonly path: string,
    private readonly scratch: string | null = null,
  ) {}

  get database(): string {
    return join(this.path, DATABASE_FILE);
  }
  /** Only encrypted projects have it. */
  get keyFile(): string {
    return join(this.path, 'encryption.json');
  }
  get cases(): string {
    return join(this.path, 'cases');
  }
  /** May be deleted at any time. */
  get scanMemory(): string {
    return join(this.path, 'scanned-files.json.gz');
  }
  get runs(): string {
    return join(this.path, 'runs');
  }
  get uploads(): string {
    return join(this.scratch ?? this.path, 'uploads');
  }
  /** Objects that came over the DICOM network, by study and series. */
  get inbox(): string {
    return join(this.path, 'inbox');
  }
  get preprocessed(): string {
    return join(this.path, 'preprocessed');
  }
  /** Copies of the database from before it was brought to a newer version. */
  get backups(): string {
    return join(this.path, 'backups');
  }
  /** What was set aside rather than deleted. */
  get lostAndFound(): string {
    return join(this.path, 'lost-and-found');
  }
  get splits(): string {
    return join(this.path, 'splits_final.json');
  }
  /** When a retraining starts by itself. */
  get autoRetrain(): string {
    return join(this.path, 'auto-retrain.json');
  }
  /** How the user wants the worklist ordered. */
  get orderSetting(): string {
    return join(this.path, 'worklist.json');
  }
  /** Time spent on cases and what became of their predictions. */
  get effortLog(): string {
    return join(this.path, 'effort.ndjson');
  }
  /** Secret under which exports are de-identified; who has it can find out whose pseudonym is whose. */
  get deidentifyKey(): string {
    return join(this.path, 'deidentify.key');
  }
  case(caseId: CaseId): string {
    return join(this.cases, caseId);
  }
  /** What a derived object must say about the images (`DicomReference`); only cases imported from DICOM have it. */
  dicomReference(caseId: CaseId): string {
    return join(this.case(caseId), 'dicom.json');
  }
  /** A small picture of the case with a mask of it; revision 0: without one. May be deleted at any time. */
  thumbnail(caseId: CaseId, revision: number): string {
    const name = `${THUMBNAIL_PREFIX}${String(revision).padStart(4, '0')}.png`;
    return this.scratch === null ? join(this.case(caseId), name) : join(this.scratch, `${caseId}-${name}`);
  }
  measurements(caseId: CaseId): string {
    return join(this.case(caseId), 'measurements.json');
  }
  labels(caseId: CaseId): string {
    return join(this.case(caseId), 'labels');
  }
  revision(caseId: CaseId, revision: Revision): string {
    return join(this.labels(caseId), `r${String(revision).padStart(4, '0')}.nii.gz`);
  }
  /** What is painted and not saved, a file for each window that paints; none where all is saved. */
  journals(caseId: CaseId): string {
    return join(this.case(caseId), 'journal');
  }
  /** Journals that were given up, for a while, and damaged ones, for ever. */
  journalsAside(caseId: CaseId): string {
    return join(this.journals(caseId), 'aside');
  }
  /** Entropy of each voxel of a predicted revision, in 255ths of a bit. */
  uncertaintyMap(caseId: CaseId, revision: Revision): string {
    return join(this.labels(caseId), `uncertainty-r${String(revision).padStart(4, '0')}.nii.gz`);
  }
  /** The numbers that go with it. */
  uncertainty(caseId: CaseId, revision: Revision): string {
    return join(this.labels(caseId), `uncertainty-r${String(revision).padStart(4, '0')}.json`);
  }
  /** `RevisionCompleteness`; absent for a revision whose unpainted voxels are all background. */
  completeness(caseId: CaseId, revision: Revision): string {
    return join(this.labels(caseId), `r${String(revision).padStart(4, '0')}.completeness.json`);
  }
  /** Label map of ones where background was painted by hand. */
  paintedBackground(caseId: CaseId, revision: Revision): string {
    return join(this.labels(caseId), `r${String(revision).padStart(4, '0')}.background.nii.gz`);
  }
  /** Beside the revisions, so that becoming one is a rename within one file system. */
  pendingLabels(caseId: CaseId, name: string): string {
    return join(this.labels(caseId), `${PENDING_PREFIX}${name}.nii.gz`);
  }
  run(runId: RunId): string {
    return join(this.runs, runId);
  }
  /** What a run predicted for a case it held back, in source geometry; turn its axes before comparing with stored ones. */
  validation(runId: RunId, caseId: CaseId): string {
    return join(this.run(runId), 'validation', `${caseId}.nii.gz`);
  }
  /** What the gate wrote about a run: report.json, report.html, and predictions of its model that it needed. */
  gate(runId: RunId): string {
    return join(this.run(runId), 'gate');
  }
  /** Beside the runs, so that becoming one is a rename within one file system. */
  pendingRun(name: string): string {
    return join(this.runs, `${PENDING_PREFIX}${name}`);
  }
  upload(uploadId: UploadId): string {
    return join(this.uploads, uploadId);
  }
}

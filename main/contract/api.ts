/**
 * Every call between a user interface and the services, described once. A new call is one line here plus one
 * function in `main/services/`. Bulk bytes do not travel here but over the relative URLs of `bulkUrls`.
 */
import { z } from 'zod';
import { AuditEntry, AuditFilter, AuditHead, AuditVerification } from './audit.ts';
import { AutoRetrainSettings, AutoRetrainState } from './autoRetrain.ts';
import { ActiveSeconds, CaseEffort, RoundEffort } from './effort.ts';
import { DicomMatches, DicomNode, DicomQuery, EchoAnswer, NodeName, OwnStation, ReceiverStatus, WantedStudy } from './dicomNetwork.ts';
import { ClusterCheck, ClusterChoice, ClusterHandout } from './cluster.ts';
import { Completeness, RevisionCompleteness } from './completeness.ts';
import { AppError, type Result } from './errors.ts';
import { ExamplePatchesSummary } from './examplePatches.ts';
import { CaseExclusion, ExclusionReason } from './exclusion.ts';
import { GateOutcome, GateReport, GateRuleChanges, GateRules, GateVerdict } from './gate.ts';
import { LegendOperation } from './legendChange.ts';
import { LabelType } from './labelType.ts';
import { Measurement } from './measurements.ts';
import { Proposal, ProposalId, VoxelBox } from './proposal.ts';
import { Role } from './roles.ts';
import { MemoryChoices, MemoryPolicy } from './memory.ts';
import { NnunetPlans } from './nnunetPlans.ts';
import { PredictionFilm } from './predictionFilm.ts';
import { PredictOptions } from './predictOptions.ts';
import { PreferenceChanges, Preferences } from './preferences.ts';
import { JournalEnd, JournalId, JournalInfo, WindowId } from './journal.ts';
import { JobEvent, JobSummary, Metric } from './jobs.ts';
import { ReadOnlyAccess, SHORTEST_PASSPHRASE } from './projectAccess.ts';
import { TrainingChoices } from './trainingRecipe.ts';
import { RerunOutcome } from './rerun.ts';
import { CaseFigures, OrderStrategy, WorklistOrder } from './worklistOrder.ts';
import {
  Amp,
  CaseId,
  ConfigurationName,
  ExportFormat,
  Fold,
  Grid,
  JobId,
  LabelRules,
  LabelValue,
  FIRST_MASK,
  MaskName,
  MaskNumber,
  ModelFormat,
  MsdTask,
  OverlapRule,
  PetValues,
  PhantomAnatomy,
  Preset,
  Revision,
  RevisionSource,
  RunId,
  Segment,
  UploadId,
  VoxelType,
} from './vocabulary.ts';

export const CaseStatus = z.enum(['new', 'predicted', 'corrected', 'accepted', 'excluded']);
export type CaseStatus = z.infer<typeof CaseStatus>;

export const RevisionInfo = z.object({
  revision: Revision,
  parent: Revision.nullable(),
  source: RevisionSource,
  author: z.string(),
  createdAtMs: z.number(),
  sha256: z.string(),
  /** Of its mask. */
  accepted: z.boolean(),
  mask: MaskNumber.default(FIRST_MASK),
});
export type RevisionInfo = z.infer<typeof RevisionInfo>;

/** One of the masks of a case (docs/decisions/0015). */
export const MaskInfo = z.object({
  mask: MaskNumber,
  name: z.string(),
  /** Trainings learn from it, predictions go into it, and the case list tells of it. Exactly one of a case is. */
  isTraining: z.boolean(),
  /** Its revisions are kept, and it can be brought back. */
  isDeleted: z.boolean(),
  latestRevision: Revision.nullable(),
  acceptedRevision: Revision.nullable(),
});
export type MaskInfo = z.infer<typeof MaskInfo>;

/** Why a case lies in its fold. */
export const PlacementReason = z.enum([
  /** The user's splits_final.json says so. */
  'splitsFile',
  /** That file has fewer than five folds: what it does not name is only trained on. */
  'notInSplitsFile',
  /** Drawn with all cases of the first training. */
  'firstSplit',
  /** Beside the other cases of its subject. */
  'sameSubject',
  /** Its subject came later, to the fold with the fewest. */
  'fewestSubjects',
  /** The first training knew one subject only. */
  'onlySubject',
  /** Placed by a version that kept no reasons. */
  'beforeReasons',
]);
export type PlacementReason = z.infer<typeof PlacementReason>;
/** `fold` `null`: held out in none, always trained on. */
export const CasePlacement = z.object({ fold: z.int().min(0).max(4).nullable(), reason: PlacementReason, placedAtMs: z.number() });
export type CasePlacement = z.infer<typeof CasePlacement>;

export const CaseSummary = z.object({
  caseId: CaseId,
  modality: z.string(),
  subject: z.string(),
  sourcePath: z.string(),
  grid: Grid,
  channelNames: z.array(z.string()),
  status: CaseStatus,
  /** `null` until the case has been placed by the first training. A case never moves. */
  fold: z.int().min(0).max(4).nullable(),
  /** `null` until the case has been placed. */
  placement: CasePlacement.nullable().default(null),
  latestRevision: Revision.nullable(),
  acceptedRevision: Revision.nullable(),
  /** Of the latest revision; `null` while there is none. */
  latestSource: RevisionSource.nullable().default(null),
  /** `null`: the case takes part. */
  exclusion: CaseExclusion.nullable().default(null),
  /** Of the latest revision. */
  completeness: RevisionCompleteness,
  warnings: z.array(AppError),
  importedAtMs: z.number(),
  /** By number; deleted ones too. */
  masks: z.array(MaskInfo).default([]),
});
export type CaseSummary = z.infer<typeof CaseSummary>;

/** What is said of revisions, and of the status, is about `mask`. */
export const CaseDetail = CaseSummary.extend({
  voxelType: VoxelType,
  mask: MaskNumber.default(FIRST_MASK),
  revisions: z.array(RevisionInfo),
  /** Predictions that left a map of their uncertainty (`bulkUrls.uncertainty`). */
  uncertainRevisions: z.array(Revision).default([]),
  /** Of the DICOM images; `null`: they name none, or are no DICOM. Equal ones have their millimetres in common. */
  frameOfReferenceUid: z.string().nullable().default(null),
});
export type CaseDetail = z.infer<typeof CaseDetail>;

export const ProjectInfo = z.object({
  folder: z.string(),
  name: z.string(),
  legend: z.array(Segment),
  labelRules: LabelRules,
  /** Which Decathlon task the data are, where an import said so. */
  msdTask: MsdTask.nullable(),
  caseCount: z.int(),
  /** `null`: this program writes to it, and nobody else does. */
  readOnly: ReadOnlyAccess.nullable().default(null),
  isEncrypted: z.boolean().default(false),
});
export type ProjectInfo = z.infer<typeof ProjectInfo>;

export const RunInfo = z.object({
  runId: RunId,
  jobId: JobId,
  configuration: ConfigurationName,
  preset: Preset,
  fold: Fold,
  amp: Amp,
  parentRunId: RunId.nullable(),
  /** The run whose training this one does again. */
  repeatsRunId: RunId.nullable().default(null),
  /** The cluster that was asked to train it; `null`: this computer. */
  cluster: z.string().nullable().default(null),
  /** Trained elsewhere: it came as a bundle. */
  isImported: z.boolean().default(false),
  createdAtMs: z.number(),
  /** `interrupted` runs can be resumed. A run with a checkpoint can predict. */
  state: z.enum(['queued', 'running', 'finished', 'interrupted', 'failed']),
  hasCheckpoint: z.boolean(),
  epoch: z.int(),
  step: z.int(),
  elapsedSeconds: z.number(),
  trainCaseIds: z.array(CaseId),
  validationCaseIds: z.array(CaseId),
  validationDice: z.number().nullable(),
  validationDicePerLabel: z.record(z.string(), z.number()),
  /** It predicts when no model is named. */
  isCurrent: z.boolean().default(false),
  /** Is not deleted, and as the current model not replaced by an accepted candidate. */
  isPinned: z.boolean().default(false),
  /** Its weights are gone; what it was trained on and what it drew stays on record. */
  deletedAtMs: z.number().nullable().default(null),
  /** Of the newest verdict; `null`: never judged. */
  gateOutcome: GateOutcome.nullable().default(null),
});
export type RunInfo = z.infer<typeof RunInfo>;

/** Means over at most 24 parts of the training, oldest first. */
export const RunCurves = z.object({ loss: z.array(z.number()), dice: z.array(z.number()) });
export type RunCurves = z.infer<typeof RunCurves>;

/** How a run was asked for. */
export const RunSettings = z.object({
  seed: z.int(),
  epochs: z.int().nullable(),
  minutes: z.number().nullable(),
  /** What differs from the recipe of its preset. */
  choices: z.array(z.object({ name: z.string(), value: z.string() })),
});
export type RunSettings = z.infer<typeof RunSettings>;

/** A run as the registry of models shows it. */
export const ModelInfo = RunInfo.extend({
  curves: RunCurves.default({ loss: [], dice: [] }),
  settings: RunSettings.nullable().default(null),
  /** Of the cluster, in the order in which they trained it. */
  nodes: z.array(z.string()).default([]),
  /** The newest; the cases are in `models.gateReport`. */
  verdict: GateVerdict.omit({ cases: true }).nullable(),
  /** Of the labelmaps it was trained on (`run.json`); `null`: not recorded. */
  trainingDataSha256: z.string().nullable(),
  /** Of `plans.json`; `null` until there is one. */
  planSha256: z.string().nullable(),
  /** Of a repetition: how it compares with what it repeats; `null` until it is done. */
  rerun: RerunOutcome.nullable().default(null),
  sizeBytes: z.int().nonnegative(),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

export const RuntimeStatus = z.object({ ready: z.boolean(), version: z.string().nullable(), problem: AppError.nullable() });
export type RuntimeStatus = z.infer<typeof RuntimeStatus>;

/** The add-on that computes on graphics cards. */
export const GpuRuntimeInfo = z.object({
  title: z.string(),
  platform: z.string(),
  folder: z.string(),
  state: z.enum(['absent', 'ready', 'unusable']),
  /** Why it is passed over; `null` unless `unusable`. */
  reason: z.string().nullable(),
  /** A driver of an NVIDIA card was found. */
  hasGpu: z.boolean(),
  /** By the next compute process. */
  isUsed: z.boolean(),
  /** Fetches its wheels where there is a network. */
  downloadCommand: z.string(),
  /** A download that goes on; `totalBytes` is `null` until it is known. */
  fetching: z.object({ receivedBytes: z.number(), totalBytes: z.number().nullable() }).nullable().default(null),
  /** Address of a package index that this computer is set up for. */
  proposedIndex: z.string().nullable().default(null),
});
export type GpuRuntimeInfo = z.infer<typeof GpuRuntimeInfo>;

export const FolderEntry = z.object({ name: z.string(), path: z.string(), isFolder: z.boolean(), isProject: z.boolean() });
export type FolderEntry = z.infer<typeof FolderEntry>;

const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output });
const none = z.object({});
const jobStarted = z.object({ jobId: JobId });

export const calls = {
  'app.info': call(
    none,
    z.object({
      version: z.string(),
      shell: z.enum(['electron', 'browser', 'cli']),
      /** Goes into what is saved. */ userName: z.string(),
      /** Of the account; it goes into what is saved where no other name was chosen. */ accountName: z.string().default(''),
      /** `null`: nobody signs in here. */ role: Role.nullable().default(null),
      canPickFolder: z.boolean(),
      homeFolder: z.string(),
    }),
  ),
  /** Loads the TensorFlow runtime in a throw-away compute process and says whether it works. */
  'app.checkRuntime': call(none, RuntimeStatus),
  'app.gpuRuntime': call(none, GpuRuntimeInfo),
  /** From a folder of wheels, each with the published hash; tried at once. Takes minutes. Refused where a wheel is missing or was changed. */
  'app.installGpuRuntime': call(z.object({ folder: z.string().min(1) }), GpuRuntimeInfo),
  /** Fetches the wheels from a package index (the address that pip calls index-url), verifies and installs them. Takes as long as 2.5 GB take; `app.gpuRuntime` says how far it is. */
  'app.downloadGpuRuntime': call(z.object({ index: z.string().min(1) }), GpuRuntimeInfo),
  /** What came is used by the next download. */
  'app.stopGpuDownload': call(none, GpuRuntimeInfo),
  'app.removeGpuRuntime': call(none, GpuRuntimeInfo),
  'app.pickFolder': call(z.object({ title: z.string() }), z.object({ folder: z.string().nullable() })),
  /**
   * What the system asked the program to open and no project has got yet; with `take` it is imported now, by who asks.
   * `lockedProject`: one that waits for its passphrase, told once.
   */
  'app.openedImages': call(z.object({ take: z.boolean() }), z.object({ paths: z.array(z.string()), lockedProject: z.string().nullable().default(null) })),
  'app.listFolder': call(z.object({ folder: z.string() }), z.object({ folder: z.string(), parent: z.string().nullable(), entries: z.array(FolderEntry) })),

  /** Of the user, whatever project is open. */
  'preferences.get': call(none, Preferences),
  'preferences.change': call(PreferenceChanges, Preferences),

  'project.recent': call(none, z.object({ folders: z.array(z.object({ folder: z.string(), name: z.string() })) })),
  'project.current': call(none, z.object({ project: ProjectInfo.nullable() })),
  /** With a passphrase the project is encrypted; who loses it has lost the project. */
  'project.create': call(
    z.object({ folder: z.string().min(1), name: z.string().min(1).max(100).optional(), passphrase: z.string().min(SHORTEST_PASSPHRASE).max(1024).optional() }),
    ProjectInfo,
  ),
  /**
   * Read-only where somebody else writes to it or nobody can (`ProjectInfo.readOnly`). `takeOver`: a person says that the
   * other computer that claimed it is done with it.
   */
  'project.open': call(z.object({ folder: z.string().min(1), takeOver: z.boolean().default(false), passphrase: z.string().max(1024).optional() }), ProjectInfo),
  'project.close': call(none, z.null()),
  /** `labelRules` absent: they stay as they are. Refused when they name a label that the legend lacks. */
  'project.setLegend': call(z.object({ legend: z.array(Segment), labelRules: LabelRules.optional() }), ProjectInfo),
  /**
   * Masks follow: latest and accepted revisions that have a label that goes become new revisions, all or none, and acceptance
   * goes over with who accepted. `null`: no mask had to be looked at. Refused where regions would become others.
   */
  'project.changeLegend': call(z.object({ operations: z.array(LegendOperation).min(1) }), z.object({ jobId: JobId.nullable() })),
  /** Writes phantom studies by formula into the project (tests, demo, first run without data). */
  'project.addPhantoms': call(
    z.object({ caseCount: z.int().min(1).max(64), labelledCount: z.int().min(0), anatomy: PhantomAnatomy.default('pair') }),
    jobStarted,
  ),

  /**
   * `subjectsFile` says which cases show the same person (lines `case,subject`, or JSON); without it, a `subjects.csv` or
   * `subjects.json` beside the images does. Other cases are subjects of their own, or of their DICOM patient.
   */
  'dataset.import': call(
    z.object({
      /** Folders, zip archives, single files. */
      paths: z.array(z.string().min(1)).min(1),
      subjectsFile: z.string().min(1).optional(),
      overlaps: OverlapRule.default('order'),
      pet: PetValues.default('suv'),
    }),
    jobStarted,
  ),
  'dataset.listCases': call(none, z.object({ cases: z.array(CaseSummary) })),
  /** `mask` absent: the one that trainings learn from. */
  'dataset.openCase': call(z.object({ caseId: CaseId, mask: MaskNumber.optional() }), CaseDetail),
  /** Masks and what was learnt from them before stay; `reason` `null`: they take part again. */
  'dataset.setExcluded': call(z.object({ caseIds: z.array(CaseId).min(1), reason: ExclusionReason.nullable() }), z.object({ cases: z.array(CaseSummary) })),

  /**
   * Stores the uploaded labelmap as a new immutable revision; refused when `parent` is no longer the latest. `labelType` is
   * that of the upload: 16 bits where a label is above 255. `PAINTED_BACKGROUND` is kept beside the mask, which has 0 there.
   */
  'labels.save': call(
    z.object({
      caseId: CaseId,
      uploadId: UploadId,
      parent: Revision.nullable(),
      /** Absent: that of the parent, or the one that trainings learn from. A deleted one comes back. */ mask: MaskNumber.optional(),
      labelType: LabelType.default('uint8'),
      /** Absent: as that of the parent. */ completeness: Completeness.optional(),
      /** Time at work on the case since it was last told. */ activeSeconds: ActiveSeconds.optional(),
    }),
    RevisionInfo,
  ),
  /** The same voxels as a new revision that says otherwise what its unpainted ones mean; accepted if the parent is. Refused when `parent` is no longer the latest. */
  'labels.setCompleteness': call(z.object({ caseId: CaseId, parent: Revision, completeness: Completeness }), RevisionInfo),
  'labels.accept': call(z.object({ caseId: CaseId, revision: Revision, activeSeconds: ActiveSeconds.optional() }), CaseSummary),
  /** Makes an older revision the latest of its mask again, as a new revision. */
  'labels.restore': call(z.object({ caseId: CaseId, revision: Revision }), RevisionInfo),
  /** Another mask of the case: a copy of a revision of any of them, or empty. */
  'labels.addMask': call(z.object({ caseId: CaseId, name: MaskName, fromRevision: Revision.nullable() }), MaskInfo),
  'labels.renameMask': call(z.object({ caseId: CaseId, mask: MaskNumber, name: MaskName }), MaskInfo),
  /** Its revisions are kept, so that it can be brought back. Refused for the one that trainings learn from. */
  'labels.setMaskDeleted': call(z.object({ caseId: CaseId, mask: MaskNumber, isDeleted: z.boolean() }), MaskInfo),
  /** From now on trainings learn from this mask of the case. */
  'labels.setTrainingMask': call(z.object({ caseId: CaseId, mask: MaskNumber }), MaskInfo),
  /** Of the user, of one case or of all; those whose window painted nothing yet are not told. Oldest first. */
  'labels.journals': call(z.object({ caseId: CaseId.optional() }), z.object({ journals: z.array(JournalInfo) })),
  /**
   * A file on the disk for what this window paints over the revision `base` until it is saved (`bulkUrls.journalFrame`).
   * `recoveredFrom`: the first change that is appended will be all of that journal.
   */
  'labels.beginJournal': call(
    z.object({
      caseId: CaseId,
      windowId: WindowId,
      base: Revision.nullable(),
      /** Absent: that of the base, or the one that trainings learn from. */ mask: MaskNumber.optional(),
      recoveredFrom: JournalId.nullable().default(null),
    }),
    z.object({ journalId: JournalId }),
  ),
  /** A journal that has ended already is none. */
  'labels.endJournal': call(z.object({ caseId: CaseId, journalId: JournalId, end: JournalEnd }), z.null()),

  'measurements.list': call(z.object({ caseId: CaseId }), z.object({ measurements: z.array(Measurement) })),
  /** New, or in place of the one of this id. */
  'measurements.put': call(z.object({ caseId: CaseId, measurement: Measurement }), z.null()),
  'measurements.remove': call(z.object({ caseId: CaseId, measurementId: z.uuid() }), z.null()),

  /** Which case to correct next. What is left out is the project's setting; with `remember` it becomes that. */
  'worklist.order': call(
    z.object({ strategy: OrderStrategy.optional(), seed: z.int().nonnegative().optional(), remember: z.boolean().default(false) }),
    WorklistOrder,
  ),
  /** Only the cases of which anything is known. */
  'worklist.figures': call(none, z.object({ cases: z.array(CaseFigures) })),
  /** Of every accepted mask, oldest acceptance first; compares what was not compared yet. */
  'effort.list': call(none, z.object({ cases: z.array(CaseEffort), rounds: z.array(RoundEffort) })),

  'nnunet.train': call(
    z.object({
      configuration: ConfigurationName,
      fold: Fold.default(0),
      preset: Preset.default('v2'),
      amp: Amp.default('off'),
      minutes: z.number().positive().optional(),
      epochs: z.int().positive().optional(),
      /** Memory of the card that the plan shall fill, in GB. */
      vramGb: z.number().positive().optional(),
      /** `nnUNetPlans.json`, instead of a plan from the cases; a run that goes on, or starts from another, keeps its own. */
      plans: NnunetPlans.optional(),
      /** Overrides what the import said; matters to the `seed` preset only. */
      msdTask: MsdTask.nullable().optional(),
      seed: z.int().nonnegative().optional(),
      /** Warm start from this run. */
      parentRunId: RunId.optional(),
      /** For `3d_cascade_fullres`: `3d_lowres` runs that together held out every case; absent: the newest finished ones. */
      previousRunIds: z.array(RunId).min(1).optional(),
      /** What is left out is the preset's. */
      choices: TrainingChoices.default({}),
      memory: MemoryPolicy.optional(),
      /** Absent: on this computer. */
      cluster: ClusterChoice.optional(),
    }),
    z.object({ jobId: JobId, runId: RunId }),
  ),
  /** Writes `plans.json` and `dataset_fingerprint.json` of a fold's training cases into the project; the job's summary is `PlanSummary`. */
  'nnunet.plan': call(
    z.object({
      preset: Preset.default('v2'),
      fold: Fold.default('all'),
      vramGb: z.number().positive().optional(),
      plans: NnunetPlans.optional(),
      msdTask: MsdTask.nullable().optional(),
      /** Configurations whose cases are prepared for a training as well. */
      preprocess: z.array(ConfigurationName).default([]),
    }),
    jobStarted,
  ),
  /** Times the network planned for the accepted cases; the job's summary is the result. The warm-up is part of `benchSteps`. */
  'nnunet.bench': call(
    z
      .object({
        mode: z.enum(['train', 'predict']),
        configuration: ConfigurationName,
        preset: Preset.default('v2'),
        amp: Amp.default('off'),
        warmupSteps: z.int().nonnegative().default(100),
        benchSteps: z.int().positive().default(200),
        vramGb: z.number().positive().optional(),
        msdTask: MsdTask.nullable().optional(),
        seed: z.int().nonnegative().default(0),
        choices: TrainingChoices.default({}),
      })
      .refine(({ warmupSteps, benchSteps }) => warmupSteps < benchSteps, 'warmupSteps must be below benchSteps'),
    jobStarted,
  ),
  /** A retraining at idle priority that starts by itself, in programs that stay (window, `serve`). */
  'nnunet.autoRetrain': call(none, AutoRetrainState),
  'nnunet.setAutoRetrain': call(AutoRetrainSettings, AutoRetrainState),
  /** `choices` change the recipe from here on, on record. */
  /** `cluster` absent: on this computer, wherever it was trained so far. */
  'nnunet.resume': call(
    z.object({ runId: RunId, choices: MemoryChoices.default({}), memory: MemoryPolicy.optional(), cluster: ClusterChoice.optional() }),
    z.object({ jobId: JobId, runId: RunId }),
  ),
  /** Places new cases in folds, as a training does, and tells those that hold cases out, ascending. */
  'nnunet.folds': call(none, z.object({ folds: z.array(z.int()) })),
  /** What a training there would give to other computers. */
  'cluster.handout': call(z.object({ cluster: ClusterChoice }), ClusterHandout),
  /** Asks a node for an answer by way of the folder and the program that a training needs. Takes as long as the cluster is busy. */
  'cluster.check': call(z.object({ cluster: ClusterChoice }), ClusterCheck),
  /** Newest first. */
  'nnunet.listRuns': call(none, z.object({ runs: z.array(RunInfo) })),
  'nnunet.metrics': call(z.object({ runId: RunId }), z.object({ metrics: z.array(Metric) })),
  /** Patches as the run is given them; another `seed` draws others. */
  'nnunet.examplePatches': call(
    z.object({ runId: RunId, seed: z.int().nonnegative().default(1), isAugmented: z.boolean().default(true) }),
    ExamplePatchesSummary,
  ),
  /** Of one case that the run is validated on, a slice at each validation; `null`: it was never validated, or no model of this project. */
  'nnunet.predictionFilm': call(z.object({ runId: RunId }), z.object({ film: PredictionFilm.nullable() })),
  /** Base64; `step` `null`: the truth. */
  'nnunet.filmPicture': call(z.object({ runId: RunId, step: z.int().nonnegative().nullable() }), z.object({ png: z.string() })),
  /** `run.json`: who trained what, with which recipe, on which masks; `null` for a run without one. */
  'nnunet.runRecord': call(z.object({ runId: RunId }), z.object({ record: z.record(z.string(), z.unknown()).nullable() })),
  /**
   * Several `runIds` vote (an ensemble); absent: the run with a checkpoint that was trained last. `caseIds` absent: every
   * case without an accepted labelmap that is not excluded.
   */
  'nnunet.predict': call(
    PredictOptions.extend({ memory: MemoryPolicy.optional(), runIds: z.array(RunId).min(1).optional(), caseIds: z.array(CaseId).min(1).optional() }),
    jobStarted,
  ),
  /**
   * Of the current model, for one segment in a box of a case, grown from the most probable voxel of `seed`. Takes as long as the
   * windows that see the box; told by events `proposal`.
   */
  'nnunet.propose': call(
    z.object({ proposalId: ProposalId, caseId: CaseId, labelValue: LabelValue, box: VoxelBox, seed: VoxelBox, memory: MemoryPolicy.optional() }),
    Proposal,
  ),
  'nnunet.cancelProposal': call(z.object({ proposalId: ProposalId }), none),
  'nnunet.predictFolder': call(
    PredictOptions.extend({
      memory: MemoryPolicy.optional(),
      runIds: z.array(RunId).min(1).optional(),
      inputFolder: z.string().min(1),
      outputFolder: z.string().min(1),
      /** DICOM formats carry patient and study of the DICOM series they were predicted from. */
      format: ExportFormat.default('nifti'),
      /** One float32 volume per class (or region) beside each label map. */
      saveProbabilities: z.boolean().default(false),
    }),
    jobStarted,
  ),

  /** Writes evaluation.json, summary.json, evaluation.csv and evaluation.html. Two folders need no open project. */
  'evaluate.start': call(
    z.object({
      of: z.discriminatedUnion('kind', [
        z.object({
          kind: z.literal('folders'),
          predictionFolder: z.string().min(1),
          truthFolder: z.string().min(1),
          imageFolder: z.string().min(1).optional(),
        }),
        /** The cases that the run held back; predicted now where the run left no prediction. */
        z.object({ kind: z.literal('run'), runId: RunId }),
      ]),
      outputFolder: z.string().min(1),
      absentScoresOne: z.boolean().default(false),
    }),
    jobStarted,
  ),

  /**
   * Compares configurations, and pairs of them, on the cases that their folds held back; writes inference_information.json
   * and the post-processing of the best. `configurations` absent: all that were trained.
   */
  'nnunet.findBest': call(z.object({ configurations: z.array(ConfigurationName).min(1).optional(), mirror: z.boolean().default(false) }), jobStarted),

  /** Latest accepted labelmap of each case that is not excluded, or of those named (or, with `includeUnaccepted`, the latest). The job's summary is `ExportSummary`. */
  'export.start': call(
    z.object({
      format: ExportFormat,
      outputFolder: z.string().min(1),
      caseIds: z.array(CaseId).min(1).optional(),
      includeUnaccepted: z.boolean().default(false),
      /** Masks of these names, which the file names then say; absent: of each case the one that trainings learn from. */
      maskNames: z.array(MaskName).min(1).optional(),
      /** Only these segments; the rest becomes background. */
      labelValues: z.array(LabelValue).min(1).optional(),
      /** DICOM only: by the basic profile of PS3.15 annex E, with a report. */
      deidentify: z.boolean().default(false),
    }),
    jobStarted,
  ),

  /** The same masks with their images as a data set for nnU-Net v2, in a folder `DatasetNNN_Name` that must not be there. The job's summary is `ExportSummary`. */
  'export.dataset': call(
    z.object({
      outputFolder: z.string().min(1),
      /** Absent: the first from 500 that the folder has not; the name is that of the project. */
      datasetId: z.int().min(1).max(999).optional(),
      name: z.string().min(1).max(64).optional(),
      caseIds: z.array(CaseId).min(1).optional(),
      includeUnaccepted: z.boolean().default(false),
    }),
    jobStarted,
  ),

  /** `output`: a file for `bundle` (moves a model to another Maskloop), a folder for `savedmodel` (for TensorFlow). */
  'model.export': call(z.object({ runId: RunId, format: ModelFormat.default('bundle'), output: z.string().min(1) }), jobStarted),
  /** The model of a bundle becomes a finished run of this project: it predicts, and can be a parent. */
  'model.import': call(z.object({ file: z.string().min(1) }), jobStarted),

  /** Newest first, with the deleted ones. `adviseFullRetrain`: the gate refused two candidates in a row. */
  'models.list': call(none, z.object({ models: z.array(ModelInfo), currentRunId: RunId.nullable(), rules: GateRules, adviseFullRetrain: z.boolean() })),
  /** Makes it the current model, whatever the gate said. */
  'models.use': call(z.object({ runId: RunId }), z.null()),
  /** Makes the parent of the current model, or else the one used before it, the current model. */
  'models.rollBack': call(none, z.object({ runId: RunId })),
  'models.pin': call(z.object({ runId: RunId, isPinned: z.boolean() }), z.null()),
  /** Removes weights and predictions from the disk and keeps the record. Refused for the current model and for a pinned one. */
  'models.delete': call(z.object({ runId: RunId }), z.object({ freedBytes: z.int().nonnegative() })),
  /** Judges a finished run against the current model (again); the job's summary is `{ verdict }`. */
  'models.gate': call(z.object({ runId: RunId }), jobStarted),
  /** The same measurement for any two, without consequences; the job's summary is `{ verdict, reportFile }`. */
  'models.compare': call(z.object({ runId: RunId, withRunId: RunId }), jobStarted),
  /**
   * Trains a finished run again from its record, as a new run, and compares the two; the job's summary has `rerun`. Never
   * becomes the current model by itself. Refused with `train/cannot-repeat` where something it needs is missing or changed.
   */
  'models.rerun': call(z.object({ runId: RunId }), z.object({ jobId: JobId, runId: RunId })),
  /** `htmlFile` `null`: nothing was compared. */
  'models.gateReport': call(z.object({ runId: RunId }), GateReport.extend({ htmlFile: z.string().nullable() })),
  /** Holds for coming verdicts. */
  'models.setRules': call(z.object({ changes: GateRuleChanges }), GateRules),

  /** Nothing connects or listens until one of these calls asks for it. Passwords and tokens go in and never come out. */
  'network.listNodes': call(none, z.object({ nodes: z.array(z.object({ node: DicomNode, hasSecret: z.boolean() })), station: OwnStation })),
  /** Replaces the node of this name. `secret` absent: as it was; empty: none. */
  'network.saveNode': call(z.object({ node: DicomNode, secret: z.string().max(8192).optional() }), z.null()),
  'network.removeNode': call(z.object({ name: NodeName }), z.null()),
  /** C-ECHO, or a search for one study. */
  'network.echo': call(z.object({ node: NodeName }), EchoAnswer),
  'network.search': call(z.object({ node: NodeName, query: DicomQuery, limit: z.int().min(1).max(2000).default(200) }), DicomMatches),
  /** Into the project's inbox, then imported; what the inbox holds already is not fetched again. */
  'network.retrieve': call(
    z.object({ node: NodeName, studies: z.array(WantedStudy).min(1), /** Absent: as the node's settings say. */ by: z.enum(['get', 'move']).optional() }),
    jobStarted,
  ),
  'network.send': call(z.object({ node: NodeName, paths: z.array(z.string().min(1)).min(1) }), jobStarted),
  /** Into the open project's inbox; each study is imported once it is quiet. Keeps `station` as the user's choice. */
  'network.startReceiver': call(z.object({ station: OwnStation }), ReceiverStatus),
  'network.stopReceiver': call(none, ReceiverStatus),
  'network.status': call(none, ReceiverStatus),

  /** Oldest first. */
  'audit.list': call(
    z.object({ fromSeq: z.int().positive().default(1), limit: z.int().min(1).max(5000).default(1000) }),
    z.object({ entries: z.array(AuditEntry), head: AuditHead.nullable() }),
  ),
  /** Newest first, those before `beforeSeq`. `matchCount` of all that match, `actors` of the whole trail. */
  'audit.search': call(
    AuditFilter.extend({ beforeSeq: z.int().positive().optional(), limit: z.int().min(1).max(1000).default(200) }),
    z.object({ entries: z.array(AuditEntry), matchCount: z.int().nonnegative(), actors: z.array(z.string()) }),
  ),
  /** `heads`: noted outside the project, from an export report or an exported trail. */
  'audit.verify': call(z.object({ heads: z.array(AuditHead).default([]) }), AuditVerification),

  'jobs.list': call(none, z.object({ jobs: z.array(JobSummary) })),
  'jobs.events': call(z.object({ jobId: JobId, fromSeq: z.int().nonnegative().default(0) }), z.object({ events: z.array(JobEvent) })),
  /** The user paints: what runs in the background holds for a while. */
  'jobs.userActive': call(none, z.null()),
  'jobs.cancel': call(z.object({ jobId: JobId }), z.null()),
  /** Of the waiting jobs this one is next. */
  'jobs.moveUp': call(z.object({ jobId: JobId }), z.null()),
  /** What is left of a job that was interrupted, failed or was cancelled: a training from its checkpoint, the cases not yet predicted, the files not yet imported. */
  'jobs.resume': call(z.object({ jobId: JobId }), jobStarted),
} as const;

export type CallName = keyof typeof calls;
/** What a user interface passes (defaults may be left out). */
export type CallInput<K extends CallName> = z.input<(typeof calls)[K]['input']>;
export type CallOutput<K extends CallName> = z.output<(typeof calls)[K]['output']>;
export type Handlers = { readonly [K in CallName]: (input: z.output<(typeof calls)[K]['input']>) => Promise<Result<CallOutput<K>>> };

/** Pushed to every connected user interface. */
export const AppEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job'), event: JobEvent }),
  z.object({ type: z.literal('cases'), caseIds: z.array(CaseId) }),
  z.object({ type: z.literal('runs') }),
  /** `share` of the work that is done. */
  z.object({ type: z.literal('proposal'), proposalId: ProposalId, share: z.number() }),
  /** Opened, changed, or closed. */
  z.object({ type: z.literal('project'), isOpen: z.boolean() }),
  z.object({ type: z.literal('preferences'), preferences: Preferences }),
  /** `app.openedImages` has some. */
  z.object({ type: z.literal('openedImages') }),
  z.object({ type: z.literal('receiver'), status: ReceiverStatus, problem: AppError.nullable() }),
]);
export type AppEvent = z.infer<typeof AppEvent>;

/**
 * Relative URLs of the bulk plane, the same under `app://` and `http://127.0.0.1`.
 * GET volume: raw voxels of one channel, little endian, i fastest, type and dims as in `CaseDetail`.
 * GET labels: same order, raw uint8, or uint16 in twice the bytes where the legend of its time had a value above 255.
 * GET uncertainty of a predicted revision: same order, uint8, entropy in 255ths of a bit; 404 where a prediction left none.
 * GET background: one byte for each voxel, 1 where background was painted; only for revisions that have any.
 * GET thumbnail: a small PNG of the case with its mask of that revision; revision 0 for none.
 * GET journal: what was appended to a journal of the user's own, without anything in between.
 * POST journal (a Blob of changes, of which the server needs to know only how many they are): answers `{ "sequence": … }` when
 * they are on the disk. Sequences count from 1; the same one again is answered and not written again.
 * POST upload (a Blob of raw labels, either type): answers `{ "uploadId": "…" }`.
 * An error answers with a JSON `AppError` and a status of 400 or more.
 */
export const bulkUrls = {
  volume: (caseId: CaseId, channelIndex: number) => `/volume/${caseId}/${channelIndex}`,
  labels: (caseId: CaseId, revision: Revision) => `/labels/${caseId}/${revision}`,
  uncertainty: (caseId: CaseId, revision: Revision) => `/uncertainty/${caseId}/${revision}`,
  background: (caseId: CaseId, revision: Revision) => `/background/${caseId}/${revision}`,
  thumbnail: (caseId: CaseId, revision: Revision | null) => `/thumbnail/${caseId}/${revision ?? 0}`,
  journal: (caseId: CaseId, journalId: JournalId) => `/journal/${caseId}/${journalId}`,
  journalFrame: (caseId: CaseId, journalId: JournalId, sequence: number, changeCount: number) => `/journal/${caseId}/${journalId}/${sequence}/${changeCount}`,
  upload: () => '/upload',
} as const;
export const isVoxelPath = (path: string): boolean => /^\/(volume|labels|background|uncertainty|thumbnail|journal)\//.test(path);

/**
 * What crosses the border between the main process and a compute process, checked on arrival on both sides.
 * A task reads files named in its input, writes files, and reports each finished piece as a `TaskItem`;
 * only the main process touches the database.
 */
import { z } from 'zod';
import { AuditHead } from './audit.ts';
import { DicomMatches, DicomQuery, OwnStation, SecretNode, WantedStudy } from './dicomNetwork.ts';
import { Completeness } from './completeness.ts';
import { ComparedMask } from './effort.ts';
import { GateVerdict } from './gate.ts';
import { GateTask } from './gateTask.ts';
import { MigrateLabelsTask } from './legendChange.ts';
import { CompareRunsTask } from './rerun.ts';
import { CheckLabelsTask, SaveLabelmapTask } from './saveLabelmapTask.ts';
import { InferenceCandidate } from './inferenceInformation.ts';
import { AppError } from './errors.ts';
import { MemoryChoices, MemoryPolicy } from './memory.ts';
import { NnunetPlans } from './nnunetPlans.ts';
import { TrainingRecipe } from './trainingRecipe.ts';
import { CaseUncertainty } from './uncertainty.ts';
import { PredictOptions } from './predictOptions.ts';
import { VoxelBox } from './proposal.ts';
import { Provenance } from './provenance.ts';
import {
  Amp,
  CaseId,
  ConfigurationName,
  ExportFormat,
  Fold,
  Grid,
  LabelRules,
  LabelValue,
  ModelFormat,
  MsdTask,
  NO_LABEL_RULES,
  OverlapRule,
  PetValues,
  PhantomAnatomy,
  Preset,
  Revision,
  RunId,
  Segment,
  VoxelType,
} from './vocabulary.ts';

/** A volume in the project store: raw NIfTI-1 (`.nii`, voxels at byte 352), axes closest to LPS. */
export const StoredImage = z.object({
  /** Absolute path, one file per channel. */
  files: z.array(z.string()).min(1),
  voxelType: VoxelType,
  grid: Grid,
  /** The grid of the file the user gave; masks go back to it on export. */
  sourceGrid: Grid,
  channelNames: z.array(z.string()).min(1),
  /** Of the content of each file as it was imported; absent where an older Maskloop imported it. */
  fileSha256s: z.array(z.string()).optional(),
});
export type StoredImage = z.infer<typeof StoredImage>;

export const ImportTask = z.object({
  task: z.literal('import'),
  paths: z.array(z.string()).min(1),
  subjectsFile: z.string().optional(),
  /** Folder of the project's case folders; new case folders are written under temporary names and renamed. */
  casesFolder: z.string(),
  /** Remembers files from import to import; absent: nothing is remembered. */
  memoryFile: z.string().optional(),
  existing: z.array(
    z.object({
      caseId: CaseId,
      sourceKey: z.string(),
      /** What further segmentations need to become a revision of the case. */
      sourceGrid: Grid.optional(),
      /** Of the raw voxels of every revision. */
      labelSha256s: z.array(z.string()).default([]),
      hasImportedLabels: z.boolean().default(false),
    }),
  ),
  legend: z.array(Segment),
  labelRules: LabelRules.default(NO_LABEL_RULES),
  /** Of segments that overlap in their file: later ones over earlier, a label for what they share, or refused. */
  overlaps: OverlapRule.default('order'),
  /** Values of PET images. */
  pet: PetValues.default('suv'),
});
export type ImportTask = z.infer<typeof ImportTask>;

export const TrainCase = z.object({
  caseId: CaseId,
  image: StoredImage,
  labelFile: z.string(),
  /** Absent: every unpainted voxel is background. */
  completeness: Completeness.optional(),
  /** Label map of ones where background was painted. */
  backgroundFile: z.string().optional(),
  role: z.enum(['train', 'validation']),
  /** Sampling weight; corrected cases may be drawn more often. */
  weight: z.number().positive(),
  /** What the first stage of a cascade predicted without having seen the case: label values in source geometry. */
  previousFile: z.string().optional(),
  /** What a model drew before the accepted label map was made of it; on the stored grid. Never learnt from. */
  predictedFile: z.string().optional(),
  /** In a retraining: the parent and those before it did not learn from this label map. */
  isNew: z.boolean().optional(),
});
export type TrainCase = z.infer<typeof TrainCase>;

export const TrainTask = z.object({
  task: z.literal('train'),
  runId: RunId,
  /** Holds plans.json, dataset_fingerprint.json, checkpoints, metrics.ndjson, tensorboard/ and validation/ of this run. */
  runFolder: z.string(),
  preprocessedFolder: z.string(),
  configuration: ConfigurationName,
  preset: Preset,
  fold: Fold,
  amp: Amp,
  /** Whichever of the two comes first ends the training; at least one is set. */
  epochs: z.int().positive().optional(),
  minutes: z.number().positive().optional(),
  seed: z.int().nonnegative(),
  recipe: TrainingRecipe,
  /** Absent: `refuse`. */
  memory: MemoryPolicy.optional(),
  /** Warm start from this run's best checkpoint, with its plan. */
  parentRunFolder: z.string().optional(),
  /** Go on from this run's own latest checkpoint. */
  resume: z.boolean(),
  /** Does again what this run did, step by step; refused where what it read is not as it was. */
  repeatedRunFolder: z.string().optional(),
  /** Memory of the card that the plan shall fill, in GB; absent: what the preset stands for. */
  vramGb: z.number().positive().optional(),
  /** Of nnU-Net v2, instead of a plan from the cases. */
  plans: NnunetPlans.optional(),
  /** The `seed` preset takes its table's numbers for this task. */
  msdTask: MsdTask.nullable().default(null),
  legend: z.array(Segment).min(1),
  labelRules: LabelRules.default(NO_LABEL_RULES),
  cases: z.array(TrainCase).min(1),
});
export type TrainTask = z.infer<typeof TrainTask>;

/** Pictures of patches as the run is given them. The summary is `ExamplePatchesSummary`. */
export const ExamplePatchesTask = TrainTask.pick({
  runFolder: true,
  preprocessedFolder: true,
  configuration: true,
  preset: true,
  recipe: true,
  seed: true,
}).extend({ task: z.literal('examplePatches'), cases: z.array(TrainCase).min(1), isAugmented: z.boolean() });
export type ExamplePatchesTask = z.infer<typeof ExamplePatchesTask>;

/** Plans without training; with `preprocess`, makes the cases of these configurations ready for it. */
export const PlanTask = z.object({
  task: z.literal('plan'),
  /** Receives plans.json and dataset_fingerprint.json. */
  outputFolder: z.string(),
  preprocessedFolder: z.string(),
  preset: Preset,
  vramGb: z.number().positive().optional(),
  plans: NnunetPlans.optional(),
  msdTask: MsdTask.nullable().default(null),
  preprocess: z.array(ConfigurationName),
  legend: z.array(Segment).min(1),
  labelRules: LabelRules.default(NO_LABEL_RULES),
  cases: z.array(TrainCase).min(1),
});
export type PlanTask = z.infer<typeof PlanTask>;
export const PlanSummary = z.object({
  folder: z.string(),
  preset: Preset,
  caseCount: z.int(),
  configurations: z.array(
    z.object({
      name: ConfigurationName,
      /** Of the resampled volumes, coarsest axis first; `null`: slices keep their distance. */
      spacingDhwMm: z.array(z.number().nullable()).readonly(),
      patch: z.array(z.int()).readonly(),
      poolings: z.array(z.int()),
      batchSize: z.int(),
      batchDice: z.boolean(),
    }),
  ),
});
export type PlanSummary = z.infer<typeof PlanSummary>;

/** Times steps on fixed patches; the first `warmupSteps` of `benchSteps` do not count. */
export const BenchTask = z
  .object({
    task: z.literal('bench'),
    mode: z.enum(['train', 'predict']),
    preprocessedFolder: z.string(),
    configuration: ConfigurationName,
    preset: Preset,
    amp: Amp,
    recipe: TrainingRecipe,
    seed: z.int().nonnegative(),
    vramGb: z.number().positive().optional(),
    msdTask: MsdTask.nullable().default(null),
    legend: z.array(Segment).min(1),
    labelRules: LabelRules.default(NO_LABEL_RULES),
    cases: z.array(TrainCase).min(1),
    warmupSteps: z.int().nonnegative(),
    benchSteps: z.int().positive(),
  })
  .refine(({ warmupSteps, benchSteps }) => warmupSteps < benchSteps, 'the warm-up leaves no step to measure');
export type BenchTask = z.infer<typeof BenchTask>;

export const PredictCase = z.object({
  caseId: CaseId,
  image: StoredImage,
  outputFile: z.string(),
  /** Receives the entropy of each voxel, as 255ths of a bit, .nii.gz; absent: not measured. */
  uncertaintyFile: z.string().optional(),
});
/** What formats other than NIfTI say of a predicted mask: names and codes of its labels, and its models. */
export const PredictionAbout = z.object({
  /** Of Maskloop. */
  softwareVersion: z.string().min(1),
  legend: z.array(Segment),
  models: z.array(z.object({ runId: RunId, runFolder: z.string(), algorithmName: z.string() })),
});
export type PredictionAbout = z.infer<typeof PredictionAbout>;

export const PredictTask = z.object({
  task: z.literal('predict'),
  /** One, or several that vote: runs of one plan and configuration by the mean of their logits, others by that of their probabilities. */
  models: z.array(z.object({ runFolder: z.string(), /** Of the first stage, for a cascade. */ previousRunFolders: z.array(z.string()) })).min(1),
  options: PredictOptions,
  /** Absent: `refuse`. */
  memory: MemoryPolicy.optional(),
  /** Stored cases; label maps are written on the stored grid as .nii.gz. */
  cases: z.array(PredictCase),
  /** Or a folder of NIfTI files or DICOM series; masks in source geometry go to `outputFolder`. */
  folder: z
    .object({
      inputFolder: z.string(),
      outputFolder: z.string(),
      /** One float32 volume for each output beside the mask. */
      saveProbabilities: z.boolean(),
      format: ExportFormat.default('nifti'),
      about: PredictionAbout.default({ softwareVersion: 'unknown', legend: [], models: [] }),
    })
    .optional(),
});
export type PredictTask = z.infer<typeof PredictTask>;

/** Around one place of one case. The summary is `levels` and `seedLevel` of `Proposal`; `levels` is null where it was told to stop. */
export const ProposeTask = z.object({
  task: z.literal('propose'),
  model: PredictTask.shape.models.element,
  image: StoredImage,
  labelValue: LabelValue,
  box: VoxelBox,
  seed: VoxelBox,
  scratchFolder: z.string(),
  /** For the error of a run that does not know the label. */
  runId: RunId,
  /** Absent: `refuse`. */
  memory: MemoryPolicy.optional(),
});
export type ProposeTask = z.infer<typeof ProposeTask>;

/** What the project knows of a label map; the compute process adds the hashes. */
export const ProvenanceFacts = Provenance.pick({ origin: true, author: true, savedAtMs: true, accepted: true }).extend({
  runIds: z.array(RunId),
  /** When the models drew it; `null` for a label map that no model drew. */
  predictedAtMs: z.number().nullable(),
});
export type ProvenanceFacts = z.infer<typeof ProvenanceFacts>;

export const ExportCase = z.object({
  caseId: CaseId,
  /** File names begin with it. */
  baseName: z.string(),
  /** For what is written into the files; `null`: the only mask of its case, which nobody gave a name. */
  maskName: z.string().nullable().default(null),
  labelFile: z.string(),
  revision: Revision,
  /** Of the raw voxels, as the project recorded it. */
  labelSha256: z.string(),
  grid: Grid,
  sourceGrid: Grid,
  sourceKind: z.enum(['nifti', 'dicom']),
  /** Names the patient of a DICOM file that has no DICOM images behind it. */
  subject: z.string(),
  /** Holds `DicomReference` if the import wrote one. */
  dicomFile: z.string(),
  provenance: ProvenanceFacts,
});
export type ExportCase = z.infer<typeof ExportCase>;

/** The summary is `ExportSummary`. */
export const ExportTask = z.object({
  task: z.literal('export'),
  format: ExportFormat,
  outputFolder: z.string(),
  /** Secret of the project, 64 hexadecimal digits; under one key the files of a patient stay together. `null`: as they are. */
  deidentifyKey: z.string().nullable(),
  /** Of Maskloop. */
  softwareVersion: z.string(),
  /** The newest audit entry, which the report notes: outside the project it vouches for all before it. */
  auditHead: AuditHead.nullable().default(null),
  legend: z.array(Segment),
  /** Other labels become background; absent: all are written. */
  labelValues: z.array(LabelValue).min(1).optional(),
  models: z.array(
    z.object({
      runId: RunId,
      runFolder: z.string(),
      algorithmName: z.string(),
      /** When its newest weights were written. */ trainedUntilMs: z.number().nullable(),
    }),
  ),
  cases: z.array(ExportCase).min(1),
});
export type ExportTask = z.infer<typeof ExportTask>;
export const ExportSummary = z.object({ writtenCount: z.int(), failedCount: z.int(), files: z.array(z.string()), reportFile: z.string() });
export type ExportSummary = z.infer<typeof ExportSummary>;

/** A data set for nnU-Net v2, whole or not at all. The summary is `ExportSummary`. */
export const ExportDatasetTask = ExportTask.pick({ outputFolder: true, softwareVersion: true, auditHead: true, legend: true, models: true }).extend({
  task: z.literal('exportDataset'),
  /** Absent: the first from 500 that the folder has not. */
  datasetId: z.int().min(1).max(999).optional(),
  name: z.string(),
  labelRules: LabelRules,
  /** `images`, for `imagesTs`: cases without a mask. */
  cases: z.array(ExportCase.extend({ image: StoredImage, ...TrainCase.pick({ completeness: true, backgroundFile: true }).shape })).min(1),
  images: z.array(z.object({ caseId: CaseId, image: StoredImage })),
  /** Fold in which a case of `cases` is held out; `null`: in none. A case that was never placed is not in it. */
  heldOutIn: z.record(CaseId, z.int().nonnegative().nullable()),
});
export type ExportDatasetTask = z.infer<typeof ExportDatasetTask>;

/** Compares label maps file by file; the summary is `EvaluateSummary`. */
export const EvaluateTask = z.object({
  task: z.literal('evaluate'),
  title: z.string(),
  /** Receives evaluation.json, summary.json (nnU-Net's names), evaluation.csv, evaluation.html. */
  outputFolder: z.string(),
  cases: z.discriminatedUnion('kind', [
    /** NIfTI files of the same name; structures from a dataset.json beside them, else the labels that occur. */
    z.object({ kind: z.literal('folders'), predictionFolder: z.string(), truthFolder: z.string(), imageFolder: z.string().optional() }),
    /** Structures from the run's plan. */
    z.object({
      kind: z.literal('files'),
      runFolder: z.string(),
      legend: z.array(Segment),
      files: z.array(z.object({ name: z.string(), predictionFile: z.string(), truthFile: z.string(), imageFile: z.string().optional() })).min(1),
    }),
  ]),
  /** The seed's rule: a structure that is in neither map counts as a Dice of 1. */
  absentScoresOne: z.boolean(),
});
export type EvaluateTask = z.infer<typeof EvaluateTask>;
export const EvaluateSummary = z.object({
  comparedCount: z.int(),
  leftOutCount: z.int(),
  dice: z.number().nullable(),
  structures: z.array(
    z.object({ name: z.string(), dice: z.number().nullable(), iou: z.number().nullable(), hd95Mm: z.number().nullable(), assdMm: z.number().nullable() }),
  ),
  files: z.array(z.string()),
});
export type EvaluateSummary = z.infer<typeof EvaluateSummary>;

/** What a run had reached, as far as the project knows. */
export const RunMeasures = z.object({
  epoch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  elapsedSeconds: z.number().nonnegative(),
  validationDice: z.number().nullable(),
  validationDicePerLabel: z.record(z.string(), z.number()),
});
export type RunMeasures = z.infer<typeof RunMeasures>;

/** The summary is `{ path }`. */
export const ExportModelTask = z.object({
  task: z.literal('exportModel'),
  format: ModelFormat,
  runFolder: z.string(),
  /** A file for `bundle`, a folder for `savedmodel`. */
  output: z.string(),
  measures: RunMeasures,
});
export type ExportModelTask = z.infer<typeof ExportModelTask>;

/** Checks a bundle and unpacks it into a new run folder; tells one `importedModel`. */
export const ImportModelTask = z.object({ task: z.literal('importModel'), bundleFile: z.string(), runFolder: z.string(), author: z.string() });
export type ImportModelTask = z.infer<typeof ImportModelTask>;

/** Chooses among models by their predictions of cases that none of them has learnt from; the summary is `InferenceInformation`. */
export const FindBestTask = z.object({
  task: z.literal('findBest'),
  outputFile: z.string(),
  folds: z.array(z.int()),
  mirror: z.boolean(),
  truthFiles: z.array(z.string()).min(1),
  candidates: z
    .array(
      InferenceCandidate.pick({ name: true, configurations: true, runIds: true }).extend({
        runFolders: z.array(z.string()).min(1),
        /** As many as `truthFiles`. */ predictionFiles: z.array(z.string()),
      }),
    )
    .min(1),
});
export type FindBestTask = z.infer<typeof FindBestTask>;

/** Removes weights and predictions of a run and keeps what its provenance needs, with the hash of the weights. The summary is `{ freedBytes }`. */
export const DeleteModelTask = z.object({ task: z.literal('deleteModel'), runFolder: z.string() });
export type DeleteModelTask = z.infer<typeof DeleteModelTask>;

/** Loads the TensorFlow runtime and runs one tiny graph; the summary is `{ version }`. */
export const CheckRuntimeTask = z.object({ task: z.literal('checkRuntime') });
export type CheckRuntimeTask = z.infer<typeof CheckRuntimeTask>;

/** Writes phantom studies by formula: pairs as NIfTI files into `folder/imagesTr` and `folder/labelsTr`, what looks like a body as DICOM. */
export const PhantomTask = z.object({
  task: z.literal('phantoms'),
  folder: z.string(),
  /** Absent: `pair`. */
  anatomy: PhantomAnatomy.optional(),
  caseCount: z.int().positive(),
  labelledCount: z.int().nonnegative(),
  seed: z.int().nonnegative(),
});
export type PhantomTask = z.infer<typeof PhantomTask>;

/** Compares accepted masks with the predictions they descend from; one `comparedMask` for each. */
export const CompareMasksTask = z.object({
  task: z.literal('compareMasks'),
  /** Says nothing about its voxels. */
  ignoreLabelValue: LabelValue.nullable(),
  masks: z.array(z.object({ caseId: CaseId, revision: Revision, labelFile: z.string(), predictedFile: z.string().nullable() })).min(1),
});
export type CompareMasksTask = z.infer<typeof CompareMasksTask>;

/** Small pictures for the worklist; one `thumbnail` for each, older ones of the case go. */
export const ThumbnailsTask = z.object({
  task: z.literal('thumbnails'),
  legend: z.array(Segment),
  cases: z.array(z.object({ caseId: CaseId, image: StoredImage, modality: z.string(), labelFile: z.string().nullable(), outputFile: z.string() })).min(1),
});
export type ThumbnailsTask = z.infer<typeof ThumbnailsTask>;

/** Asks a node something short; the summary is `DicomAskSummary`. */
export const DicomAskTask = z.object({
  task: z.literal('dicomAsk'),
  node: SecretNode,
  station: OwnStation,
  /** `null`: only whether it answers. */
  query: DicomQuery.nullable(),
  /** More matches are cut off. */
  limit: z.int().positive(),
});
export type DicomAskTask = z.infer<typeof DicomAskTask>;
export const DicomAskSummary = z.object({ elapsedMs: z.number(), implementation: z.string(), matches: DicomMatches.nullable() });
export type DicomAskSummary = z.infer<typeof DicomAskSummary>;

/** Fetches what the inbox lacks. The summary is `{ receivedCount, presentCount }`. */
export const DicomRetrieveTask = z.object({
  task: z.literal('dicomRetrieve'),
  node: SecretNode,
  station: OwnStation,
  studies: z.array(WantedStudy).min(1),
  inboxFolder: z.string(),
  /** Our receiver runs already in another process and writes into the same inbox. */
  isReceiverRunning: z.boolean(),
});
export type DicomRetrieveTask = z.infer<typeof DicomRetrieveTask>;

/** Files or folders; what is no DICOM file is told as a problem. The summary is `{ sentCount }`. */
export const DicomSendTask = z.object({ task: z.literal('dicomSend'), node: SecretNode, station: OwnStation, paths: z.array(z.string()).min(1) });
export type DicomSendTask = z.infer<typeof DicomSendTask>;

/** Receives until it is stopped; tells `receiverReady` once and `receivedObjects` now and then. */
export const DicomReceiveTask = z.object({ task: z.literal('dicomReceive'), station: OwnStation, inboxFolder: z.string() });
export type DicomReceiveTask = z.infer<typeof DicomReceiveTask>;

export const TaskInput = z.discriminatedUnion('task', [
  ImportTask,
  PlanTask,
  TrainTask,
  BenchTask,
  PredictTask,
  ProposeTask,
  EvaluateTask,
  FindBestTask,
  GateTask,
  CompareRunsTask,
  DeleteModelTask,
  ExportTask,
  ExportDatasetTask,
  ExportModelTask,
  ImportModelTask,
  CheckRuntimeTask,
  PhantomTask,
  SaveLabelmapTask,
  CheckLabelsTask,
  MigrateLabelsTask,
  CompareMasksTask,
  ThumbnailsTask,
  ExamplePatchesTask,
  DicomAskTask,
  DicomRetrieveTask,
  DicomSendTask,
  DicomReceiveTask,
]);
export type TaskInput = z.infer<typeof TaskInput>;

export const ImportedCase = z.object({
  kind: z.literal('importedCase'),
  caseId: CaseId,
  image: StoredImage,
  /** Stable identity of the source (content hash or series UID), to notice a second import. */
  sourceKey: z.string(),
  sourcePath: z.string(),
  sourceKind: z.enum(['nifti', 'dicom']),
  modality: z.string(),
  /** Groups cases that must stay on one side of the split (patient id, else the case id). */
  subject: z.string(),
  /** Written beside the image, on the stored grid, when the source had a label map. */
  labelFile: z.string().optional(),
  labelSha256: z.string().optional(),
  /** The label map was drawn by a model, and nobody has looked at it. */
  isDraft: z.boolean().optional(),
  segments: z.array(Segment).optional(),
  /** From `dataset.json`. */
  labelRules: LabelRules.optional(),
  msdTask: MsdTask.optional(),
  /** From `splits_final.json` beside it: the fold that holds the case out; `null`: none. */
  heldOutIn: z.int().min(0).max(4).nullable().optional(),
  warnings: z.array(AppError),
});
export type ImportedCase = z.infer<typeof ImportedCase>;

/** A segmentation that came after its image: a further revision of the case, never instead of one. */
export const ImportedLabels = z.object({
  kind: z.literal('importedLabels'),
  caseId: CaseId,
  /** In the labels folder of the case, under a pending name. */
  labelFile: z.string(),
  labelSha256: z.string(),
  isDraft: z.boolean().optional(),
  segments: z.array(Segment),
  labelRules: LabelRules.optional(),
});
export type ImportedLabels = z.infer<typeof ImportedLabels>;

export const TaskItem = z.discriminatedUnion('kind', [
  ImportedCase,
  ImportedLabels,
  z.object({
    kind: z.literal('checkpoint'),
    epoch: z.int(),
    step: z.int(),
    elapsedSeconds: z.number(),
    isBest: z.boolean(),
    /** False when the run keeps no checkpoints: it can neither go on nor predict. */
    isKept: z.boolean().default(true),
    /** Mean foreground Dice on whole validation cases in original voxel space; absent before the first validation. */
    validationDice: z.number().optional(),
    validationDicePerLabel: z.record(z.string(), z.number()).optional(),
  }),
  z.object({
    kind: z.literal('prediction'),
    caseId: CaseId,
    labelFile: z.string(),
    labelSha256: z.string(),
    elapsedSeconds: z.number(),
    /** With an `uncertaintyFile`. */ uncertainty: CaseUncertainty.optional(),
  }),
  z.object({
    kind: z.literal('importedModel'),
    runFolder: z.string(),
    /** In the project that trained it. */
    runId: RunId,
    legend: z.array(Segment).min(1),
    /** As kept in `run.json`; whoever stores them checks them. */
    options: z.record(z.string(), z.unknown()),
    measures: RunMeasures,
  }),
  z.object({ kind: z.literal('comparedMask'), caseId: CaseId, revision: Revision, outcome: z.union([ComparedMask, z.object({ error: AppError })]) }),
  z.object({ kind: z.literal('thumbnail'), caseId: CaseId, outputFile: z.string(), /** Why there is none. */ problem: AppError.nullable() }),
  /** What `memory: 'fit'` changed about the recipe before the first step. */
  z.object({ kind: z.literal('fittedRecipe'), choices: MemoryChoices }),
  z.object({ kind: z.literal('gateVerdict'), verdict: GateVerdict }),
  /** `revision`: of which this is the map after the change. */
  z.object({ kind: z.literal('migratedLabels'), caseId: CaseId, revision: Revision, labelFile: z.string(), labelSha256: z.string() }),
  /** The task has begun on this node of a cluster. */
  z.object({ kind: z.literal('placed'), node: z.string() }),
  z.object({ kind: z.literal('receiverReady') }),
  /** `isStudyQuiet`: nothing has come for this study for a while, so it may be imported. */
  z.object({
    kind: z.literal('receivedObjects'),
    studyUid: z.string(),
    folder: z.string(),
    callingAeTitle: z.string(),
    objectCount: z.int(),
    isStudyQuiet: z.boolean(),
  }),
  z.object({ kind: z.literal('writtenFile'), path: z.string(), sourcePath: z.string().optional() }),
]);
export type TaskItem = z.infer<typeof TaskItem>;

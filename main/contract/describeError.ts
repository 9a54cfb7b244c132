import { describeClusterError } from './describeClusterError.ts';
import { describeNetworkError } from './describeNetworkError.ts';
import { describeHolder, describeReadOnly } from './describeHolder.ts';
import type { AppError } from './errors.ts';
import { describeMemoryChoices, describePredictMemoryChoices, gigabytes, type MemoryOffer, type PredictMemoryOffer } from './memory.ts';
import { LARGEST_LABEL_VALUE } from './vocabulary.ts';

type ErrorOf<Area extends string> = Extract<AppError, { code: `${Area}/${string}` }>;

/**
 * What happened and what to do about it, for people, in one or two sentences. The only place where an `AppError`
 * becomes text; the window and the command line both use it. Exhaustive: a new code without a sentence fails to compile.
 */
export function describeError(error: AppError): string {
  switch (error.code) {
    case 'contract/bad-input':
      return `The request was not understood (${error.issues.join('; ')}). Check the values and try again.`;
    case 'access/denied':
      return `Your role (${error.role}) does not allow this; it takes the role ${error.leastRole} or more. Ask whoever runs this Maskloop.`;
    case 'project/none-open':
    case 'project/not-a-project':
    case 'project/already-exists':
    case 'project/newer-version':
    case 'project/not-migrated':
    case 'project/folder-missing':
    case 'project/in-use':
    case 'project/held-elsewhere':
    case 'project/passphrase-needed':
    case 'project/wrong-passphrase':
    case 'project/read-only':
      return describeProjectError(error);
    case 'import/nothing-found':
    case 'import/unreadable':
    case 'import/truncated':
    case 'import/unsupported':
    case 'import/bad-geometry':
    case 'import/resampled':
    case 'import/assumed':
    case 'import/values':
    case 'import/orientation-assumed':
    case 'import/label-shape':
    case 'import/label-without-image':
    case 'import/label-values':
    case 'import/already-imported':
    case 'import/doubtful':
    case 'import/archive-refused':
    case 'import/files-missing':
    case 'import/duplicate-uid':
    case 'import/series-grown':
      return describeImportError(error);
    case 'import/segmentation-unmatched':
    case 'import/segments-overlap':
    case 'import/segmentation-left-out':
    case 'import/labels-resampled':
    case 'import/legend-conflict':
      return describeSegmentationProblem(error);
    case 'labels/wrong-byte-count':
    case 'labels/stale-parent':
    case 'labels/unknown-label':
    case 'labels/upload-missing':
    case 'labels/mask-name-taken':
    case 'labels/mask-in-training':
    case 'labels/shape':
      return describeLabelsError(error);
    case 'train/no-cases':
    case 'train/no-foreground':
    case 'train/nothing-to-replay':
    case 'train/configuration-not-planned':
    case 'train/previous-stage-missing':
    case 'train/incompatible-parent':
    case 'train/cannot-repeat':
    case 'train/diverged':
    case 'train/out-of-memory':
    case 'train/memory-short':
      return describeTrainError(error);
    case 'not-found':
      return `There is no ${error.what} '${error.id}' in this project. ${error.known ? (error.known.length === 0 ? 'There is none yet.' : `Choose from: ${listed(error.known)}.`) : 'Reload the list and choose another.'}`;
    case 'predict/no-model':
    case 'predict/unknown-segment':
    case 'predict/no-previous-stage':
    case 'predict/legend-changed':
    case 'predict/incompatible-models':
    case 'predict/wrong-channels':
    case 'predict/memory-short':
    case 'predict/out-of-memory':
      return describePredictError(error);
    case 'evaluate/grids-differ':
    case 'evaluate/no-prediction':
    case 'evaluate/no-truth':
    case 'evaluate/nothing-to-compare':
    case 'evaluate/no-validation-cases':
      return describeEvaluateError(error);
    case 'model/unusable':
      return `${error.path} holds no model that can be used here (${firstLine(error.detail)}). Export it again from its project, or choose another file.`;
    case 'export/nothing-to-export':
    case 'export/no-such-mask':
    case 'export/unsupported':
    case 'export/nothing-painted':
    case 'export/uncoded-segments':
    case 'export/no-dicom-source':
    case 'export/name-taken':
    case 'export/model-changed':
      return describeExportError(error);
    case 'disk/full':
    case 'disk/busy':
    case 'disk/denied':
    case 'disk/corrupt':
      return describeDiskError(error);
    case 'runtime/missing':
    case 'runtime/broken':
    case 'runtime/download-failed':
      return describeRuntimeError(error);
    case 'job/busy':
      return `Another job (${error.jobId}) is still running. Wait until it ends, or cancel it.`;
    case 'job/process-died':
      return describeDeath(error);
    case 'cluster/encrypted-project':
    case 'cluster/not-here':
    case 'cluster/unreachable':
    case 'cluster/refused':
    case 'cluster/cancelled-there':
    case 'cluster/node-unusable':
    case 'cluster/node-lost':
      return describeClusterError(error);
    case 'network/off':
    case 'network/unknown-node':
    case 'network/unreachable':
    case 'network/rejected':
    case 'network/tls':
    case 'network/unauthorized':
    case 'network/failed':
    case 'network/bad-answer':
    case 'network/incomplete':
    case 'network/nothing-to-retrieve':
    case 'network/not-sent':
    case 'network/not-kept':
    case 'network/port-in-use':
      return describeNetworkError(error);
    case 'internal':
      return `Something unexpected happened inside Maskloop: ${firstLine(error.detail)}. What was saved is unharmed; try again, and report it if it comes back.`;
  }
}

function describeProjectError(error: ErrorOf<'project'>): string {
  switch (error.code) {
    case 'project/none-open':
      return 'No project is open. Open or create a project first.';
    case 'project/not-a-project':
      return `${error.path} is not a Maskloop project. Choose a folder that holds a maskloop.db, or create a project there.`;
    case 'project/already-exists':
      return `${error.path} already holds a project. Open it, or choose another folder.`;
    case 'project/newer-version':
      return `${error.path} was written by a newer Maskloop (format ${error.version}, this one knows ${error.supported}). Update Maskloop to open it.`;
    case 'project/not-migrated':
      return `${error.path} is of an older format (${error.version}) and could not be brought to this one (${firstLine(error.detail)}). It is as it was, and a copy of its database lies in its folder backups. Open it with the Maskloop you used before, and send us a support bundle (maskloop doctor --support).`;
    case 'project/folder-missing':
      return `The folder ${error.path} does not exist. Check the path, or connect the drive it lies on.`;
    case 'project/in-use':
      return `${error.path} is open in another running Maskloop${describeHolder(error.holder)}. Close it there first, then try again.`;
    case 'project/held-elsewhere':
      return `${error.path} was opened on another computer${describeHolder(error.holder)} and not closed there. Close it there; if that computer has crashed, take the project over.`;
    case 'project/passphrase-needed':
      return `${error.path} is encrypted. Give its passphrase: in the window when it asks, on the command line in the terminal or in the file that MASKLOOP_PASSPHRASE_FILE names.`;
    case 'project/wrong-passphrase':
      return `This is not the passphrase of ${error.path}. Try again; capital letters count. Without it nobody can read the project.`;
    case 'project/read-only':
      return `${describeReadOnly(error.path, error)} Nothing was changed; open it again once that is different.`;
  }
}

type SegmentationProblem = Extract<
  AppError,
  { code: 'import/segmentation-unmatched' | 'import/segments-overlap' | 'import/segmentation-left-out' | 'import/labels-resampled' | 'import/legend-conflict' }
>;

function describeSegmentationProblem(error: SegmentationProblem): string {
  switch (error.code) {
    case 'import/segmentation-unmatched':
      return `The segmentation ${error.path} belongs to no image that is here (${firstLine(error.detail)}). Import it together with its image series, or after it.`;
    case 'import/segments-overlap':
      return `Segments of ${error.path} overlap (${firstLine(error.detail)}). Import it again and choose which segment lies above the others, or keep the overlaps as labels of their own.`;
    case 'import/segmentation-left-out':
      return `The segmentation ${error.path} was not used (${firstLine(error.detail)}). Import this file alone to get it as a further revision of the case.`;
    case 'import/labels-resampled':
      return `The mask ${error.path} lies on another grid than its image and was moved onto it, nearest voxel by nearest voxel (${firstLine(error.detail)}). Look at it before you accept it.`;
    case 'import/legend-conflict':
      return `Labels of ${error.path} were given other numbers to fit the legend of this project (${firstLine(error.detail)}). Names count, numbers do not.`;
  }
}

function describeImportError(error: Exclude<ErrorOf<'import'>, SegmentationProblem>): string {
  switch (error.code) {
    case 'import/nothing-found':
      return `No image (DICOM, NIfTI, NRRD, MetaImage) was found in ${error.paths.join(', ')}. Choose the folder that holds the images.`;
    case 'import/unreadable':
      return `${error.path} could not be read (${firstLine(error.detail)}). Get a fresh copy of the file.`;
    case 'import/truncated':
      return `${error.path} is cut off: ${error.actualBytes} of ${error.expectedBytes} bytes are there. Copy the file again from its source.`;
    case 'import/unsupported':
      return `${error.path} is of a kind that Maskloop does not read yet (${firstLine(error.detail)}). Convert it to NIfTI first.`;
    case 'import/bad-geometry':
      return `The geometry of ${error.path} is not usable (${firstLine(error.detail)}). Export the series again from its source.`;
    case 'import/resampled':
      return `The slices of ${error.path} do not form a regular grid (${firstLine(error.detail)}). They were resampled to one; check the image before you rely on measurements.`;
    case 'import/assumed':
      return `${error.path} does not say everything, so something was assumed (${firstLine(error.detail)}). Check it before you rely on measurements.`;
    case 'import/values':
      return `About the values of ${error.path}: ${firstLine(error.detail)}. Check that this is what you expect.`;
    case 'import/orientation-assumed':
      return `${error.path} leaves open where the patient lies: ${firstLine(error.detail)}. Check left and right before you use it.`;
    case 'import/label-shape':
      return `The mask ${error.path} has ${error.labelDims.join('×')} voxels, its image ${error.imageDims.join('×')}. Use a mask drawn on this image.`;
    case 'import/label-without-image':
      return `The mask ${error.path} has no image beside it. Put the image into the imagesTr folder under the same name.`;
    case 'import/label-values':
      return `The mask ${error.path} holds unusable values (${firstLine(error.detail)}). Labels must be whole numbers from 0 to ${LARGEST_LABEL_VALUE}.`;
    case 'import/already-imported':
      return `${error.path} is in the project already, as case ${error.caseId}. Nothing was imported twice.`;
    case 'import/doubtful':
      return `${error.path} was imported, but look at it: ${firstLine(error.detail)}.`;
    case 'import/archive-refused':
      return `The archive ${error.path} was not opened (${firstLine(error.detail)}). Unpack it with a program you trust and import the folder.`;
    case 'import/files-missing':
      return `${error.path} names ${error.count} file${error.count === 1 ? '' : 's'} that ${error.count === 1 ? 'is' : 'are'} not there, for instance ${error.first}. Copy the whole medium again; what is there was imported.`;
    case 'import/duplicate-uid':
      return `${error.path}${error.count === 1 ? '' : ` and ${error.count - 1} more`} carries the SOP instance UID of ${error.firstPath}, but other content. Only the latter was read; find out which of them is right.`;
    case 'import/series-grown':
      return `${error.path} holds ${error.newCount} image${error.newCount === 1 ? '' : 's'} that the case ${error.caseId} lacks. The whole series was imported as a case of its own; the earlier one was left as it is.`;
  }
}

function describeLabelsError(error: ErrorOf<'labels'>): string {
  switch (error.code) {
    case 'labels/wrong-byte-count':
      return `The mask for ${error.caseId} arrived incomplete (${error.actualBytes} of ${error.expectedBytes} bytes) and was not saved. Save it again.`;
    case 'labels/stale-parent':
      return `Case ${error.caseId} was saved elsewhere in the meantime (revision ${error.latestRevision}, you edited ${error.parentRevision}). Reload the case, then redo your changes.`;
    case 'labels/unknown-label':
      return `The mask for ${error.caseId} uses the label ${error.labelValue}, which the legend does not know. Add a segment with this number to the legend, then try again.`;
    case 'labels/upload-missing':
      return `The uploaded mask ${error.uploadId} is no longer there. Save it again.`;
    case 'labels/mask-name-taken':
      return `Case ${error.caseId} has a mask called '${error.name}' already. Choose another name.`;
    case 'labels/mask-in-training':
      return `Trainings learn from the mask '${error.name}' of case ${error.caseId}. Make another mask of the case the training mask first, then delete this one.`;
    case 'labels/shape':
      return `The mask has ${error.labelDims.join('×')} voxels, case ${error.caseId} has ${error.imageDims.join('×')}. Use a mask drawn on this image.`;
  }
}

function describeTrainError(error: ErrorOf<'train'>): string {
  switch (error.code) {
    case 'train/no-cases':
      return `Training needs at least two cases with an accepted mask; there ${error.labelledCaseCount === 1 ? 'is' : 'are'} ${error.labelledCaseCount}. Accept more masks first.`;
    case 'train/no-foreground':
      return 'No accepted mask contains a painted voxel, so there is nothing to learn. Paint and accept some masks first.';
    case 'train/nothing-to-replay':
      return 'The model learnt from cases that this project does not have, so nothing is repeated while it learns the new ones: it may forget. Compare it with its parent before using it.';
    case 'train/configuration-not-planned':
      return `The configuration ${error.configuration} is not planned for these images. Choose ${alternatives(error.planned)}.`;
    case 'train/previous-stage-missing':
      return `The cascade needs 3d_lowres predictions of every case, made by runs that did not train on it. They are missing for ${missingPart(error)}. Train 3d_lowres on ${error.folds.length === 1 ? 'that fold' : 'those folds'} to its end first.`;
    case 'train/incompatible-parent':
      return `The model ${error.runId} cannot be trained further on these cases (${firstLine(error.detail)}). Train a new model from scratch.`;
    case 'train/cannot-repeat':
      return `The training cannot be repeated: ${listed(error.differences)}. Bring back what it was given, or train anew.`;
    case 'train/diverged':
      return `The training became unstable at step ${error.step} and was stopped. Start again with a smaller learning rate.`;
    case 'train/out-of-memory':
      return `The training ran out of memory (${firstLine(error.detail)}). What it had saved is kept: ${error.offers.length > 0 ? `go on with ${offered(error.offers)}` : 'go on with smaller batches or patches'}, or close other programs.`;
    case 'train/memory-short':
      return `The training needs about ${gigabytes(error.neededBytes)}, ${gigabytes(error.availableBytes)} are free. ${error.offers.length > 0 ? `Train with ${offered(error.offers)}` : 'Nothing smaller fits'}; or close other programs, or start it anyway.`;
  }
}

function describePredictError(error: ErrorOf<'predict'>): string {
  switch (error.code) {
    case 'predict/unknown-segment':
      return `The model ${error.runId} has not learnt the segment with the label ${error.labelValue}. Choose another segment, or train a model on masks that have it.`;
    case 'predict/no-model':
      return 'No trained model is available yet. Train one first, or let a training run until its first checkpoint.';
    case 'predict/no-previous-stage':
      return `The model ${error.runId} refines what a 3d_lowres model predicts, and none is trained. Train 3d_lowres first.`;
    case 'predict/legend-changed':
      return `The model ${error.runId} draws ${error.names.join(', ')}, which the legend of this project no longer has. Train on from it to give it the new legend, then predict.`;
    case 'predict/incompatible-models':
      return `These models cannot predict together (${firstLine(error.detail)}). Predict with one of them, or with models of the same training.`;
    case 'predict/memory-short':
      return `Predicting ${error.path} needs about ${gigabytes(error.neededBytes)}, ${gigabytes(error.availableBytes)} are free. ${error.offers.length > 0 ? `Predict with ${offeredToPredict(error.offers)}` : 'A 2d or 3d_lowres model needs less'}; or close other programs, or start it anyway.`;
    case 'predict/out-of-memory':
      return `The prediction ran out of memory (${firstLine(error.detail)}). ${error.offers.length > 0 ? `Predict with ${offeredToPredict(error.offers)}` : 'Use a model with smaller patches, such as a 2d or 3d_lowres one'}, or close other programs.`;
    case 'predict/wrong-channels':
      return `${error.path} has ${channels(error.actual)}, but the model was trained on ${error.expected}. Choose images like those of the training.`;
  }
}

function describeEvaluateError(error: ErrorOf<'evaluate'>): string {
  switch (error.code) {
    case 'evaluate/grids-differ':
      return `${error.path} and ${error.truthPath} lie on different grids (${firstLine(error.detail)}). Compare masks that were drawn on the same image, in its geometry.`;
    case 'evaluate/no-prediction':
      return `There is no prediction for ${error.truthPath}. Predict this case as well, or take its truth out of the folder.`;
    case 'evaluate/no-truth':
      return `There is no true mask for ${error.path}. Give the truth the same file name as the prediction.`;
    case 'evaluate/nothing-to-compare':
      return `No file of ${error.path} has one of the same name in ${error.truthPath}. Choose folders of NIfTI masks whose names are equal.`;
    case 'evaluate/no-validation-cases':
      return `The run ${error.runId} held no case back, so there is nothing to measure it on. Choose a run of a fold.`;
  }
}

function describeExportError(error: ErrorOf<'export'>): string {
  switch (error.code) {
    case 'export/no-such-mask':
      return `No case to export has a mask called '${error.name}'. There are: ${error.known.join(', ')}.`;
    case 'export/nothing-to-export':
      return 'No case has an accepted mask yet. Accept at least one mask, or export unaccepted ones as well.';
    case 'export/unsupported':
      return `The mask of ${error.caseId} cannot be written in this format (${firstLine(error.detail)}). Choose another format, such as NIfTI.`;
    case 'export/nothing-painted':
      return `Nothing is painted in the mask of ${error.caseId}, and this format has no place for an empty mask. Paint something, or choose NIfTI, NRRD or MHA.`;
    case 'export/uncoded-segments':
      return `No code says what ${error.names.join(', ')} ${error.names.length === 1 ? 'is' : 'are'}, so "Tissue" was written. ${error.suggestions.length > 0 ? `These may fit: ${error.suggestions.join('; ')}. Choose` : 'Choose'} a code beside the segment, then export again.`;
    case 'export/no-dicom-source':
      return `The file for ${error.caseId} carries no patient and begins a study of its own (${firstLine(error.detail)}). Give it its patient before it goes to an archive.`;
    case 'export/name-taken':
      return `${error.path} was there already, and not as an export left it, so it was kept. The new file is ${error.newPath}.`;
    case 'export/model-changed':
      return `The model ${error.runId} was trained on, or is gone, since it drew the mask of ${error.caseId}; the hash of its weights is left out.`;
  }
}

function describeDiskError(error: ErrorOf<'disk'>): string {
  switch (error.code) {
    case 'disk/full':
      return `The disk is full; ${place(error.path)} was not written, and what was saved before is unharmed. Free some space and try again.`;
    case 'disk/busy':
      return `${place(error.path)} is in use by another program. Close it there, then try again.`;
    case 'disk/denied':
      return `Access to ${place(error.path)} was refused (${firstLine(error.detail)}). Check the permissions of the folder, or choose another.`;
    case 'disk/corrupt':
      return `${place(error.path)} is damaged (${firstLine(error.detail)}). Restore it from a backup, or import the study again.`;
  }
}

function describeRuntimeError(error: ErrorOf<'runtime'>): string {
  switch (error.code) {
    case 'runtime/missing':
      return `The TensorFlow runtime is not installed (${firstLine(error.detail)}). Run: npm run setup`;
    case 'runtime/broken':
      return `The TensorFlow runtime does not load (${firstLine(error.detail)}). Mend it with: npm run setup`;
    case 'runtime/download-failed':
      return `The file ${error.file} could not be downloaded (${firstLine(error.detail)}). Try again, it goes on where it ended; or bring the files from another computer.`;
  }
}

function describeDeath({ exitCode, signal }: Extract<AppError, { code: 'job/process-died' }>): string {
  // The kernel ends a process that eats all memory with SIGKILL (exit status 137 seen through a shell).
  const cause =
    signal === 'SIGKILL' || exitCode === 137
      ? 'was ended from outside, most often because memory ran out: close other programs'
      : `stopped unexpectedly (${signal ?? `exit code ${exitCode ?? 'unknown'}`})`;
  return `The compute process ${cause}. Nothing saved was lost; start the job again, a training resumes from its last checkpoint.`;
}

const missingPart = ({ folds, caseIds }: Extract<AppError, { code: 'train/previous-stage-missing' }>): string =>
  `${folds.length === 0 ? 'cases of no fold' : `fold${folds.length === 1 ? '' : 's'} ${folds.join(', ')}`} (${caseIds.length} case${caseIds.length === 1 ? '' : 's'}, ${caseIds[0] ?? 'none'} the first)`;
/** `the batch in 3 parts (4.9 GB), or batches of 3 (4.9 GB)` */
const offeredToPredict = (offers: readonly PredictMemoryOffer[]): string =>
  offers
    .map(({ choices, neededBytes }) => `${describePredictMemoryChoices(choices)}${neededBytes === undefined ? '' : ` (${gigabytes(neededBytes)})`}`)
    .join(', or ');

const offered = (offers: readonly MemoryOffer[]): string =>
  offers.map(({ choices, neededBytes }) => `${describeMemoryChoices(choices)} (${gigabytes(neededBytes)})`).join(', or ');
const MOST_LISTED = 10;
const listed = (all: readonly string[]): string =>
  `${all.slice(0, MOST_LISTED).join('; ')}${all.length > MOST_LISTED ? `; and ${all.length - MOST_LISTED} more` : ''}`;
const channels = (count: number): string => `${count} channel${count === 1 ? '' : 's'}`;
const alternatives = (names: readonly string[]): string => names.join(' or ') || 'another preset';
const place = (path: string): string => path || 'the file';
/** Details may be whole stack traces; people get the first line, without the closing full stop. */
const firstLine = (detail: string): string => (detail.split('\n')[0] ?? '').trim().replace(/\.$/, '');

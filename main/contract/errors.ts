/** Expected failures as data: a code `area/what` with the facts, no sentence (sentences: `describeError.ts`). */
import { z } from 'zod';
import { ProjectHolder, ReadOnlyReason } from './projectAccess.ts';
import { MemoryOffer, PredictMemoryOffer } from './memory.ts';
import { Role } from './roles.ts';
import { CaseId, ConfigurationName, DimsIjk, JobId, RunId } from './vocabulary.ts';

const path = z.string();
const code = <C extends string, S extends z.ZodRawShape>(name: C, facts: S) => z.object({ code: z.literal(name), ...facts });

export const AppError = z.discriminatedUnion('code', [
  code('contract/bad-input', { issues: z.array(z.string()) }),
  /** On a shared workstation: `action` is a call of the contract, or `upload`. */
  code('access/denied', { action: z.string(), role: Role, leastRole: Role }),
  code('project/none-open', {}),
  code('project/not-a-project', { path }),
  code('project/already-exists', { path }),
  code('project/newer-version', { path, version: z.int(), supported: z.int() }),
  /** Its tables could not be brought to this version; nothing was changed. */
  code('project/not-migrated', { path, version: z.int(), detail: z.string() }),
  code('project/folder-missing', { path }),
  /** Another running Maskloop has it open for writing. */
  code('project/in-use', { path, holder: ProjectHolder.nullable().default(null) }),
  /** Another computer claimed it and did not give it back; `holder` `null`: its name is not readable. */
  code('project/held-elsewhere', { path, holder: ProjectHolder.nullable() }),
  /** It is encrypted, and no passphrase was given. */
  code('project/passphrase-needed', { path }),
  code('project/wrong-passphrase', { path }),
  /** A change of a project that is opened to look at. */
  code('project/read-only', { path, reason: ReadOnlyReason, holder: ProjectHolder.nullable() }),
  code('import/nothing-found', { paths: z.array(path) }),
  code('import/unreadable', { path, detail: z.string() }),
  code('import/truncated', { path, expectedBytes: z.number(), actualBytes: z.number() }),
  code('import/unsupported', { path, detail: z.string() }),
  code('import/bad-geometry', { path, detail: z.string() }),
  /** A warning: the slices were brought to a regular grid; `detail` says what was irregular, with numbers. */
  code('import/resampled', { path, detail: z.string() }),
  /** A warning: something the files do not say was taken to be the likeliest. */
  code('import/assumed', { path, detail: z.string() }),
  /** A warning: what the numbers in the voxels mean, where that is not what one would take for granted. */
  code('import/values', { path, detail: z.string() }),
  /** A warning: the file does not say, or says twice, where the patient lies; `detail` says what was taken. */
  code('import/orientation-assumed', { path, detail: z.string() }),
  code('import/label-shape', { path, imageDims: z.array(z.int()), labelDims: z.array(z.int()) }),
  code('import/label-without-image', { path }),
  code('import/label-values', { path, detail: z.string() }),
  code('import/already-imported', { path, caseId: CaseId }),
  /** Read, but something about it is not as it should be; `detail` says what was done. */
  code('import/doubtful', { path, detail: z.string() }),
  /** A zip that is encrypted, damaged, leads out of its folder or unpacks to far too much. */
  code('import/archive-refused', { path, detail: z.string() }),
  /** A DICOMDIR (`path`) names files that are not there. */
  code('import/files-missing', { path, count: z.int(), first: path }),
  /** Files with the SOP instance UID of another file and other content; those of `firstPath` were taken. */
  code('import/duplicate-uid', { path, firstPath: path, count: z.int() }),
  /** The series has images that the case `caseId`, imported earlier, lacks. */
  code('import/series-grown', { path, caseId: CaseId, newCount: z.int() }),
  /** A segmentation object whose image is neither among the files nor in the project. */
  code('import/segmentation-unmatched', { path, detail: z.string() }),
  /** Its segments share voxels, and that was not wanted. */
  code('import/segments-overlap', { path, detail: z.string() }),
  code('import/segmentation-left-out', { path, detail: z.string() }),
  code('import/labels-resampled', { path, detail: z.string() }),
  code('import/legend-conflict', { path, detail: z.string() }),
  code('labels/wrong-byte-count', { caseId: CaseId, expectedBytes: z.number(), actualBytes: z.number() }),
  code('labels/stale-parent', { caseId: CaseId, parentRevision: z.int(), latestRevision: z.int() }),
  code('labels/unknown-label', { caseId: CaseId, labelValue: z.int() }),
  code('labels/mask-name-taken', { caseId: CaseId, name: z.string() }),
  /** The mask that trainings learn from cannot be deleted; `name` is its name. */
  code('labels/mask-in-training', { caseId: CaseId, name: z.string() }),
  /** No case to export has a mask of that name. */
  code('export/no-such-mask', { name: z.string(), known: z.array(z.string()) }),
  code('labels/upload-missing', { uploadId: z.string() }),
  code('not-found', {
    what: z.enum(['case', 'revision', 'run', 'job', 'model', 'uncertainty', 'verdict', 'journal', 'mask']),
    id: z.string(),
    /** What there is instead, for people. */ known: z.array(z.string()).optional(),
  }),
  code('train/no-cases', { labelledCaseCount: z.int() }),
  code('train/no-foreground', {}),
  /** Told, not thrown: a retraining goes on without. */
  code('train/nothing-to-replay', {}),
  /** `planned` are those that the data allow. */
  code('train/configuration-not-planned', { configuration: ConfigurationName, planned: z.array(ConfigurationName) }),
  /** Cases that no given run of the first stage held out and predicted; `folds` are theirs. */
  code('train/previous-stage-missing', { folds: z.array(z.int()), caseIds: z.array(CaseId) }),
  code('train/incompatible-parent', { runId: RunId, detail: z.string() }),
  /** `differences` from what the repeated run was given, in words. */
  code('train/cannot-repeat', { runId: RunId, differences: z.array(z.string()).min(1) }),
  code('train/diverged', { step: z.int() }),
  /** Told before the first step; `offers` fit, the one that changes least first. */
  code('train/memory-short', { neededBytes: z.number(), availableBytes: z.number(), offers: z.array(MemoryOffer) }),
  /** On the way. `offers` need less than what failed; whether they fit, nobody knows. */
  code('train/out-of-memory', { detail: z.string(), offers: z.array(MemoryOffer).default([]) }),
  code('predict/no-model', {}),
  /** A cascade without a trained first stage. */
  code('predict/no-previous-stage', { runId: RunId }),
  /** The model draws labels that the project has merged into others or removed since; `names` as it knows them. */
  code('predict/legend-changed', { runId: RunId, names: z.array(z.string()) }),
  /** The model was not trained on this segment. */
  code('predict/unknown-segment', { runId: RunId, labelValue: z.int() }),
  /** Told before the case is begun. */
  code('predict/memory-short', {
    path,
    caseId: CaseId.optional(),
    neededBytes: z.number(),
    availableBytes: z.number(),
    offers: z.array(PredictMemoryOffer).default([]),
  }),
  code('predict/out-of-memory', { detail: z.string(), offers: z.array(PredictMemoryOffer).default([]) }),
  /** Models that cannot vote on one case. */
  code('predict/incompatible-models', { detail: z.string() }),
  code('predict/wrong-channels', { path, expected: z.int(), actual: z.int() }),
  /** The two label maps of one case cannot be laid over each other. */
  code('evaluate/grids-differ', { path, truthPath: path, detail: z.string() }),
  code('evaluate/no-prediction', { truthPath: path }),
  code('evaluate/no-truth', { path }),
  code('evaluate/nothing-to-compare', { path, truthPath: path }),
  /** A run that held no case back has nothing to be measured on. */
  code('evaluate/no-validation-cases', { runId: RunId }),
  code('model/unusable', { path, detail: z.string() }),
  code('export/nothing-to-export', {}),
  /** What a format cannot hold. */
  code('export/unsupported', { caseId: CaseId, detail: z.string() }),
  /** No voxel of the wanted segments is painted, and the format knows no empty mask. */
  code('export/nothing-painted', { caseId: CaseId }),
  /** Written with the code of a tissue; `suggestions`: what the table of codes has under such names. */
  code('export/uncoded-segments', { names: z.array(z.string()), suggestions: z.array(z.string()) }),
  /** A DICOM object without the patient and study of its images. */
  code('export/no-dicom-source', { caseId: CaseId, detail: z.string() }),
  /** A file of that name was there that no export wrote, or that was changed since; the new one has another name. */
  code('export/name-taken', { path, newPath: path }),
  /** The weights changed after they drew the mask, or are gone: their hash is not told. */
  code('export/model-changed', { caseId: CaseId, runId: RunId }),
  code('disk/full', { path }),
  /** Another program has the file open. */
  code('disk/busy', { path }),
  code('disk/denied', { path, detail: z.string() }),
  code('disk/corrupt', { path, detail: z.string() }),
  code('runtime/missing', { detail: z.string() }),
  code('runtime/broken', { detail: z.string() }),
  /** Of a part of the add-on for graphics cards: its file or what pip calls it. What came before stays. */
  code('runtime/download-failed', { file: z.string(), detail: z.string() }),
  code('job/busy', { jobId: JobId }),
  /** `signal` SIGKILL that nobody asked for is the operating system's answer to a lack of memory. `detail`: the end of what it printed. */
  code('job/process-died', { exitCode: z.int().nullable(), signal: z.string().nullable(), detail: z.string().optional() }),
  /** `cluster` in all `cluster/…`: as the user named it. Nothing of an encrypted project is given to other computers. */
  code('cluster/encrypted-project', { cluster: z.string() }),
  /** This shell sends nothing to clusters. */
  code('cluster/not-here', { cluster: z.string() }),
  code('cluster/unreachable', { cluster: z.string(), detail: z.string() }),
  /** It answered, and would not. */
  code('cluster/refused', { cluster: z.string(), detail: z.string() }),
  /** It ended the job, or somebody did there. */
  code('cluster/cancelled-there', { cluster: z.string() }),
  /** A node lacks what a training needs: the folder, Maskloop, Node. */
  code('cluster/node-unusable', { cluster: z.string(), detail: z.string() }),
  code('cluster/node-lost', { cluster: z.string(), node: z.string().nullable(), detail: z.string() }),
  code('labels/shape', { caseId: CaseId, imageDims: DimsIjk, labelDims: DimsIjk }),
  code('network/off', {}),
  /** `node` is the user's name for it in all `network/…`. */
  code('network/unknown-node', { node: z.string() }),
  code('network/unreachable', {
    node: z.string(),
    address: z.string(),
    reason: z.enum(['refused', 'timeout', 'unknown-host', 'no-route', 'closed', 'other']),
    detail: z.string(),
  }),
  code('network/rejected', {
    node: z.string(),
    reason: z.enum(['calling-ae-title', 'called-ae-title', 'busy', 'no-service', 'other']),
    callingAeTitle: z.string(),
    calledAeTitle: z.string(),
    detail: z.string(),
  }),
  code('network/tls', { node: z.string(), detail: z.string() }),
  code('network/unauthorized', { node: z.string(), status: z.int() }),
  /** The node answered, but not with success; `status` is a DIMSE status as 0xXXXX or an HTTP status. */
  code('network/failed', { node: z.string(), operation: z.enum(['echo', 'search', 'retrieve', 'send']), status: z.string(), detail: z.string() }),
  code('network/bad-answer', { node: z.string(), detail: z.string() }),
  /** Objects that the node lists but did not deliver. */
  code('network/incomplete', { node: z.string(), studyUid: z.string(), seriesUid: z.string(), expected: z.int(), received: z.int() }),
  code('network/nothing-to-retrieve', { node: z.string(), studyUid: z.string() }),
  code('network/not-sent', { node: z.string(), path, detail: z.string() }),
  /** An object that came in and was not kept. */
  code('network/not-kept', { sopInstanceUid: z.string(), callingAeTitle: z.string(), detail: z.string() }),
  code('network/port-in-use', { port: z.int() }),
  code('internal', { detail: z.string() }),
]);
export type AppError = z.infer<typeof AppError>;

export type Result<T, E = AppError> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };
export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** Carries an expected failure through code that throws; borders turn it back into data with `toAppError`. */
export class AppException extends Error {
  constructor(readonly error: AppError) {
    super(error.code);
    this.name = 'AppException';
  }
}

/** Any thrown value as an `AppError`; ENOSPC, EBUSY, EACCES and EROFS are recognised wherever they come from. */
export function toAppError(thrown: unknown, path = ''): AppError {
  if (thrown instanceof AppException) return thrown.error;
  const { code: errno, path: errnoPath } = (thrown ?? {}) as { code?: unknown; path?: unknown };
  const where = typeof errnoPath === 'string' ? errnoPath : path;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return { code: 'disk/full', path: where };
  if (errno === 'EBUSY' || errno === 'ETXTBSY') return { code: 'disk/busy', path: where };
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return { code: 'disk/denied', path: where, detail: String(errno) };
  return { code: 'internal', detail: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

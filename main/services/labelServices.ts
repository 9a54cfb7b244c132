import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { copyFile, mkdir, open, rm } from 'node:fs/promises';
import type { Handlers, RevisionInfo } from '../contract/api.ts';
import { COMPLETE, type Completeness, type RevisionCompleteness } from '../contract/completeness.ts';
import { AppException } from '../contract/errors.ts';
import type { LabelType } from '../contract/labelType.ts';
import { SavedLabelmap } from '../contract/saveLabelmapTask.ts';
import { freeMaskName } from '../contract/maskNames.ts';
import { type CaseId, type MaskNumber, type Revision, RevisionSource, type UploadId } from '../contract/vocabulary.ts';
import type { NewCompleteness } from '../dataset/revisionCompleteness.ts';
import { syncFolder } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import { requireCase, summaryOf } from './caseSummary.ts';
import type { EffortMeter } from './effortMeter.ts';
import type { EventHub } from './eventHub.ts';
import type { ProjectSession } from './projectSession.ts';
import { runShortTask } from './shortTask.ts';

type LabelCalls = 'labels.save' | 'labels.setCompleteness' | 'labels.accept' | 'labels.restore';

interface SaveRequest {
  readonly caseId: CaseId;
  readonly uploadId: UploadId;
  readonly parent: Revision | null;
  readonly mask?: MaskNumber | undefined;
  readonly labelType: LabelType;
  readonly completeness?: Completeness | undefined;
  readonly activeSeconds?: number | undefined;
}

export function labelServices(session: ProjectSession, compute: ComputeHost, events: EventHub, author: string, meter: EffortMeter): Pick<Handlers, LabelCalls> {
  return {
    'labels.save': (request) =>
      answer(async () => {
        const info = await session.during(async ({ store }) => {
          const saved = await saveLabels(store, compute, author, request);
          meter.addActive(store, request.caseId, saved.revision, request.activeSeconds);
          return saved;
        });
        events.casesChanged(request.caseId);
        return info;
      }),
    'labels.setCompleteness': ({ caseId, parent, completeness }) =>
      answer(async () => {
        const info = await session.during(({ store }) => setCompleteness(store, author, caseId, parent, completeness));
        events.casesChanged(caseId);
        return info;
      }),
    'labels.accept': ({ caseId, revision, activeSeconds }) =>
      answer(() => {
        const { store } = session.current();
        requireCase(store, caseId);
        if (!requireRevision(store, caseId, revision).accepted) store.revisions.accept(caseId, revision, author, Date.now());
        meter.addActive(store, caseId, revision, activeSeconds);
        // Nobody waits for it; what fails now is tried again, and told, when the effort is asked for.
        void meter.compareMissing().catch(() => undefined);
        events.casesChanged(caseId);
        return summaryOf(store, caseId);
      }),
    'labels.restore': ({ caseId, revision }) =>
      answer(async () => {
        const info = await session.during(({ store }) => restoreLabels(store, compute, author, caseId, revision));
        events.casesChanged(caseId);
        return info;
      }),
  };
}

/** The upload is removed only when the revision is on record: after any failure it can be saved again. */
async function saveLabels(store: ProjectStore, compute: ComputeHost, author: string, request: SaveRequest): Promise<RevisionInfo> {
  const { caseId, uploadId, parent, labelType } = request;
  const { image } = requireCase(store, caseId);
  if (request.completeness) refuseBadCompleteness(store, request.completeness);
  const uploadFile = store.folder.upload(uploadId);
  if (!existsSync(uploadFile)) throw new AppException({ code: 'labels/upload-missing', uploadId });
  const mask = maskToSave(store, request);
  refuseStaleParent(store, caseId, mask, parent);
  const pendingFile = await pendingLabels(store, caseId);
  const backgroundFile = await pendingLabels(store, caseId);
  try {
    const legend = store.project.legend;
    const task = { task: 'saveLabelmap', caseId, uploadFile, labelType, outputFile: pendingFile, backgroundFile, grid: image.grid, legend } as const;
    const { sha256, backgroundVoxelCount } = SavedLabelmap.parse(await runShortTask(compute, task));
    // Somebody else may have saved in the meantime; from here to the row nothing is awaited.
    refuseStaleParent(store, caseId, mask, parent);
    const {
      unpainted: meaning,
      knownLabels,
      completeSlices,
      completeBoxes,
    } = request.completeness ?? (parent === null ? COMPLETE : store.revisions.completeness(caseId, parent));
    const unpainted = newCompleteness({ unpainted: meaning, knownLabels, completeSlices, completeBoxes, backgroundVoxelCount }, backgroundFile);
    const source = sourceAfterEdit(parent === null ? null : requireRevision(store, caseId, parent));
    const info = store.transaction(() => {
      // somebody deleted it elsewhere while it was painted
      if (store.masks.require(caseId, mask).isDeleted) bringBack(store, caseId, mask, author);
      return store.revisions.commit({ caseId, pendingFile, parent, source, author, sha256, isAccepted: false, mask, unpainted }, Date.now());
    });
    await rm(uploadFile, { force: true });
    return info;
  } finally {
    await rm(pendingFile, { force: true });
    await rm(backgroundFile, { force: true });
  }
}

function maskToSave(store: ProjectStore, { caseId, parent, mask }: SaveRequest): MaskNumber {
  if (mask !== undefined) return store.masks.require(caseId, mask).mask;
  return parent === null ? store.masks.training(caseId).mask : requireRevision(store, caseId, parent).mask;
}

/** Under its name with a number where another mask has taken it: what was painted is not lost for a name. */
function bringBack(store: ProjectStore, caseId: CaseId, mask: MaskNumber, author: string): void {
  const { name } = store.masks.require(caseId, mask);
  const taken = store.masks.ofCase(caseId).flatMap((one) => (one.isDeleted ? [] : [one.name]));
  store.masks.rename(caseId, mask, freeMaskName(name, taken), author, Date.now());
  store.masks.setDeleted(caseId, mask, false, author, Date.now());
}

/** The older labelmap again, as a new revision that descends from it and keeps its source. Throws `labels/unknown-label` where the legend has lost a label of it. */
async function restoreLabels(store: ProjectStore, compute: ComputeHost, author: string, caseId: CaseId, revision: Revision): Promise<RevisionInfo> {
  requireCase(store, caseId);
  const from = requireRevision(store, caseId, revision);
  await checkLabels(store, compute, caseId, revision);
  return commitCopy(store, caseId, from, { author, completeness: store.revisions.completeness(caseId, revision), isAccepted: false });
}

/** Throws `labels/unknown-label` where the legend has lost a label of the revision. */
export async function checkLabels(store: ProjectStore, compute: ComputeHost, caseId: CaseId, revision: Revision): Promise<void> {
  await runShortTask(compute, { task: 'checkLabels', caseId, labelFile: store.folder.revision(caseId, revision), legend: store.project.legend });
}

function setCompleteness(store: ProjectStore, author: string, caseId: CaseId, parent: Revision, completeness: Completeness): Promise<RevisionInfo> {
  requireCase(store, caseId);
  const from = requireRevision(store, caseId, parent);
  refuseStaleParent(store, caseId, from.mask, parent);
  refuseBadCompleteness(store, completeness);
  const { backgroundVoxelCount } = store.revisions.completeness(caseId, parent);
  return commitCopy(store, caseId, from, { author, completeness: { ...completeness, backgroundVoxelCount }, isAccepted: from.accepted });
}

interface CopyChoices {
  readonly author: string;
  /** Called in the transaction of the copy. Absent: the mask that is copied from. */
  readonly mask?: (() => MaskNumber) | undefined;
  readonly completeness: RevisionCompleteness;
  readonly isAccepted: boolean;
}

/** The voxels of a revision, painted background included, as the newest revision of a mask. */
export async function commitCopy(
  store: ProjectStore,
  caseId: CaseId,
  from: RevisionInfo,
  { author, completeness, isAccepted, mask }: CopyChoices,
): Promise<RevisionInfo> {
  const { source, sha256, revision: parent } = from;
  const pendingFile = await pendingLabels(store, caseId);
  const backgroundFile = await pendingLabels(store, caseId);
  try {
    await copyDurably(store.folder.revision(caseId, parent), pendingFile);
    if (completeness.backgroundVoxelCount > 0) await copyDurably(store.folder.paintedBackground(caseId, parent), backgroundFile);
    const unpainted = newCompleteness(completeness, backgroundFile);
    return store.transaction(() =>
      store.revisions.commit({ caseId, pendingFile, parent, source, author, sha256, isAccepted, mask: mask?.() ?? from.mask, unpainted }, Date.now()),
    );
  } finally {
    await rm(pendingFile, { force: true });
    await rm(backgroundFile, { force: true });
  }
}

/** Nothing for what a revision means anyhow. */
export function newCompleteness(completeness: RevisionCompleteness, pendingBackground: string): NewCompleteness | undefined {
  const { unpainted, knownLabels, backgroundVoxelCount } = completeness;
  if (unpainted === 'background' && knownLabels === null && backgroundVoxelCount === 0) return undefined;
  return { completeness, pendingBackground: backgroundVoxelCount > 0 ? pendingBackground : null };
}

function refuseBadCompleteness(store: ProjectStore, { knownLabels }: Completeness): void {
  const { legend } = store.project;
  const unknown = (knownLabels ?? []).filter((value) => legend.every(({ labelValue }) => labelValue !== value));
  if (unknown.length > 0)
    throw new AppException({ code: 'contract/bad-input', issues: unknown.map((value) => `knownLabels: label ${value} is not in the legend`) });
}

export async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  const copy = await open(to, 'r+');
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
}

/** A new name in the case's labels folder, which is made if the case has no labels yet. */
async function pendingLabels(store: ProjectStore, caseId: CaseId): Promise<string> {
  await ensureLabelsFolder(store, caseId);
  return store.folder.pendingLabels(caseId, randomBytes(6).toString('hex'));
}

export async function ensureLabelsFolder(store: ProjectStore, caseId: CaseId): Promise<void> {
  const labels = store.folder.labels(caseId);
  if (existsSync(labels)) return;
  await mkdir(labels, { recursive: true });
  await syncFolder(store.folder.case(caseId));
}

function refuseStaleParent(store: ProjectStore, caseId: CaseId, mask: MaskNumber, parent: Revision | null): void {
  const latest = store.revisions.latestOfMask(caseId, mask)?.revision ?? null;
  if (parent === latest) return;
  throw new AppException({ code: 'labels/stale-parent', caseId, parentRevision: parent ?? 0, latestRevision: latest ?? 0 });
}

/** An edit of what a model drew, however often edited, names that model's run. */
function sourceAfterEdit(parent: RevisionInfo | null): RevisionSource {
  const run = parent && /^(?:model|corrected):(.+)$/.exec(parent.source)?.[1];
  return RevisionSource.parse(run ? `corrected:${run}` : 'manual');
}

export function requireRevision(store: ProjectStore, caseId: CaseId, revision: Revision): RevisionInfo {
  const info = store.revisions.find(caseId, revision);
  if (!info) throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/${revision}` });
  return info;
}

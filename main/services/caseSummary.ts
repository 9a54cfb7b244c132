import type { CaseDetail, CasePlacement, CaseStatus, CaseSummary, MaskInfo, RevisionInfo } from '../contract/api.ts';
import { COMPLETE, type RevisionCompleteness } from '../contract/completeness.ts';
import { type AppError, AppException } from '../contract/errors.ts';
import type { CaseExclusion } from '../contract/exclusion.ts';
import type { CaseId, MaskNumber, Revision } from '../contract/vocabulary.ts';
import type { StoredCase } from '../dataset/caseTable.ts';
import { ONLY_FIRST_MASK, type StoredMask } from '../dataset/maskTable.ts';
import { readDicomReference } from '../dataset/scan/knownCases.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { readUncertainty } from '../dataset/uncertaintyFiles.ts';

/** As `shown`, one of its masks, has it. `ofAllMasks` oldest first. */
function summarizeCase(
  stored: StoredCase,
  masks: readonly StoredMask[],
  shown: MaskNumber,
  ofAllMasks: readonly RevisionInfo[],
  placement: CasePlacement | null,
  exclusion: CaseExclusion | null,
  completenessOf: (caseId: CaseId, revision: Revision) => RevisionCompleteness,
  missing: readonly AppError[],
): CaseSummary {
  const revisions = ofAllMasks.filter(({ mask }) => mask === shown);
  const latest = revisions.at(-1);
  return {
    caseId: stored.caseId,
    modality: stored.modality,
    subject: stored.subject,
    sourcePath: stored.sourcePath,
    grid: stored.image.grid,
    channelNames: stored.image.channelNames,
    status: exclusion ? 'excluded' : statusOf(revisions),
    fold: placement?.fold ?? null,
    placement,
    latestRevision: latest?.revision ?? null,
    acceptedRevision: revisions.find((one) => one.accepted)?.revision ?? null,
    latestSource: latest?.source ?? null,
    exclusion,
    completeness: latest ? completenessOf(stored.caseId, latest.revision) : COMPLETE,
    warnings: [...missing, ...stored.warnings],
    importedAtMs: stored.importedAtMs,
    masks: masks.map((mask) => infoOf(mask, ofAllMasks)),
  };
}

function infoOf(mask: StoredMask, ofAllMasks: readonly RevisionInfo[]): MaskInfo {
  const own = ofAllMasks.filter((one) => one.mask === mask.mask);
  return { ...mask, latestRevision: own.at(-1)?.revision ?? null, acceptedRevision: own.find((one) => one.accepted)?.revision ?? null };
}

/** Throws AppException not-found. */
export const maskInfo = (store: ProjectStore, caseId: CaseId, mask: MaskNumber): MaskInfo =>
  infoOf(store.masks.require(caseId, mask), store.revisions.ofMask(caseId, mask));

/** The state of the newest labelmap: an accepted one under a newer prediction leaves the case `predicted`. */
function statusOf(revisions: readonly RevisionInfo[]): CaseStatus {
  const latest = revisions.at(-1);
  if (!latest) return 'new';
  if (latest.accepted) return 'accepted';
  return latest.source.startsWith('model:') ? 'predicted' : 'corrected';
}

/** Throws AppException not-found. */
export function requireCase(store: ProjectStore, caseId: CaseId): StoredCase {
  const stored = store.cases.find(caseId);
  if (!stored) throw new AppException({ code: 'not-found', what: 'case', id: caseId });
  return stored;
}

const completenessIn = (store: ProjectStore) => (caseId: CaseId, revision: Revision) => store.revisions.completeness(caseId, revision);

/** Found gone by `maskloop doctor`. */
const missingMasks = (store: ProjectStore, caseId: CaseId, revisions: readonly Revision[]): AppError[] =>
  revisions.map((revision) => ({ code: 'disk/corrupt', path: store.folder.revision(caseId, revision), detail: 'the file is missing' }));

/** Throws AppException not-found. */
export function summaryOf(store: ProjectStore, caseId: CaseId, mask: MaskNumber = store.masks.training(caseId).mask): CaseSummary {
  return summarizeCase(
    requireCase(store, caseId),
    store.masks.ofCase(caseId),
    mask,
    store.revisions.ofAllMasks(caseId),
    store.folds.of(caseId),
    store.exclusions.all().get(caseId) ?? null,
    completenessIn(store),
    missingMasks(store, caseId, store.missing.ofCase(caseId)),
  );
}

/** Rejects with AppException not-found. */
export async function describeCase(store: ProjectStore, caseId: CaseId, wanted: MaskNumber | undefined): Promise<CaseDetail> {
  const { image } = requireCase(store, caseId);
  const { mask } = wanted === undefined ? store.masks.training(caseId) : store.masks.require(caseId, wanted);
  const revisions = store.revisions.ofMask(caseId, mask);
  return {
    ...summaryOf(store, caseId, mask),
    voxelType: image.voxelType,
    mask,
    revisions,
    uncertainRevisions: await uncertainRevisions(store, caseId, revisions),
    frameOfReferenceUid: await frameOfReference(store, caseId),
  };
}

async function frameOfReference(store: ProjectStore, caseId: CaseId): Promise<string | null> {
  const value = (await readDicomReference(store.folder.case(caseId)))?.attributes['00200052']?.Value?.[0];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

async function uncertainRevisions(store: ProjectStore, caseId: CaseId, revisions: readonly RevisionInfo[]): Promise<Revision[]> {
  const found = await Promise.all(
    revisions.filter(({ source }) => source.startsWith('model:')).map(async (one) => ((await hasUncertainty(store, caseId, one)) ? [one.revision] : [])),
  );
  return found.flat();
}

/** A damaged one is there: opening the case goes on, and whoever asks for the map is told. */
async function hasUncertainty(store: ProjectStore, caseId: CaseId, info: RevisionInfo): Promise<boolean> {
  try {
    return (await readUncertainty(store.folder, { caseId, ...info })) !== null;
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'disk/corrupt') return true;
    throw thrown;
  }
}

export function listCases(store: ProjectStore): CaseSummary[] {
  const revisions = store.revisions.byCaseOfAllMasks();
  const masks = store.masks.byCase();
  const placements = store.folds.placements();
  const exclusions = store.exclusions.all();
  const missing = store.missing.byCase();
  return store.cases.list().map((one) => {
    const own = masks.get(one.caseId) ?? ONLY_FIRST_MASK;
    const { mask: shown } = own.find(({ isTraining }) => isTraining)!;
    return summarizeCase(
      one,
      own,
      shown,
      revisions.get(one.caseId) ?? [],
      placements.get(one.caseId) ?? null,
      exclusions.get(one.caseId) ?? null,
      completenessIn(store),
      missingMasks(store, one.caseId, missing.get(one.caseId) ?? []),
    );
  });
}

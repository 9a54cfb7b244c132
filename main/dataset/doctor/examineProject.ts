/**
 * What is wrong with a project on disk. Looks at everything the database names and at everything that lies in the folder,
 * and changes nothing. Reads every mask and hashes its voxels, so it takes a while; it belongs in a process of its own.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { RevisionInfo } from '../../contract/api.ts';
import { AppException } from '../../contract/errors.ts';
import { CaseId, type Revision } from '../../contract/vocabulary.ts';
import { gridsMatch } from '../../imaging/grid.ts';
import { checkChain } from '../audit/auditChain.ts';
import type { StoredCase } from '../caseTable.ts';
import { JOURNAL_ENDING } from '../journal/strokeJournals.ts';
import type { ProjectStore } from '../projectStore.ts';
import { ORPHAN_PREFIX, unfinishedIn } from '../projectSweep.ts';
import { namesIfThere } from '../readIfThere.ts';
import { imageHashesOf, readLabelmap, readStoredImage, sha256Of } from '../storedVolume.ts';
import type { Finding } from './finding.ts';

/** Headers hold float32 numbers; far above their rounding and far below a voxel. */
const TOLERANCE_MM = 0.01;
const REVISION_NAME = /^r(\d{4,})\.nii\.gz$/;

export interface Examination {
  readonly findings: readonly Finding[];
  readonly checkedMasks: number;
  readonly checkedImages: number;
}

/** `tellProgress`: masks checked so far. */
export async function examineProject(store: ProjectStore, tellProgress: (checkedMasks: number) => void = () => {}): Promise<Examination> {
  const findings: Finding[] = [...store.damage().map((detail): Finding => ({ kind: 'databaseDamaged', detail })), ...auditFindings(store)];
  const revisions = store.revisions.byCaseOfAllMasks();
  let checkedMasks = 0;
  let checkedImages = 0;
  const cases = store.cases.list();
  for (const stored of cases) {
    findings.push(...(await imageFindings(store, stored)));
    checkedImages++;
    const known = revisions.get(stored.caseId) ?? [];
    for (const one of known) {
      findings.push(...(await maskFindings(store, stored, one)));
      tellProgress(++checkedMasks);
    }
    findings.push(...(await strangersInCase(store, stored, known)));
  }
  findings.push(...(await strangersBesideCases(store, new Set(cases.map(({ caseId }) => caseId)))), ...(await temporaryFiles(store)), ...runFindings(store));
  return { findings, checkedMasks, checkedImages };
}

function auditFindings({ audit }: ProjectStore): Finding[] {
  const { firstBroken } = checkChain(audit.entries());
  return firstBroken ? [{ kind: 'auditBroken', detail: `entry ${firstBroken.seq}: ${firstBroken.problem}` }] : [];
}

async function imageFindings(store: ProjectStore, { caseId, image }: StoredCase): Promise<Finding[]> {
  const missing = image.files.filter((file) => !existsSync(file));
  if (missing.length > 0) return missing.map((file) => ({ kind: 'imageMissing', caseId, path: inside(store, file) }));
  const path = inside(store, image.files[0] ?? '');
  const detail = await damageOf(async () => {
    await readStoredImage(image);
    const hashes = image.fileSha256s && (await imageHashesOf(image));
    const changed = image.files.find((_, n) => hashes && hashes[n] !== image.fileSha256s?.[n]);
    if (changed !== undefined) throw corrupt(changed, `${basename(changed)} is not as it was imported`);
  });
  if (detail !== null) return [{ kind: 'imageDamaged', caseId, path, detail }];
  return image.fileSha256s ? [] : [{ kind: 'imageUnhashed', caseId, path }];
}

async function maskFindings(store: ProjectStore, { caseId, image }: StoredCase, { revision, sha256 }: RevisionInfo): Promise<Finding[]> {
  const file = store.folder.revision(caseId, revision);
  const about = { caseId, revision, path: inside(store, file) } as const;
  const isMarked = store.missing.isMarked(caseId, revision);
  if (!existsSync(file)) return [{ kind: 'maskMissing', ...about, isMarked }];
  const detail = await damageOf(async () => {
    const { grid, voxels } = await readLabelmap(file);
    if (!gridsMatch(grid, image.grid, TOLERANCE_MM)) throw corrupt(file, 'it lies on another grid than its image');
    if (sha256Of(voxels) !== sha256) throw corrupt(file, 'its voxels are not those that were saved');
  });
  if (detail !== null) return [{ kind: 'maskDamaged', ...about, detail, isMarked }];
  return isMarked ? [{ kind: 'maskBack', ...about }] : [];
}

/** Files in the folder of a case that no row speaks of. */
async function strangersInCase(store: ProjectStore, { caseId }: StoredCase, known: readonly RevisionInfo[]): Promise<Finding[]> {
  const numbers = new Set<Revision>(known.map(({ revision }) => revision));
  const folder = store.folder.labels(caseId);
  const strangers = (await namesIfThere(folder)).flatMap((name): Finding[] => {
    const number = Number(REVISION_NAME.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isInteger(number) || numbers.has(number)) return [];
    return [{ kind: 'maskWithoutRow', caseId, revision: number, path: inside(store, join(folder, name)) }];
  });
  const journalFolder = store.folder.journals(caseId);
  const journals = (await namesIfThere(journalFolder)).filter((name) => name.endsWith(JOURNAL_ENDING));
  return journals.length === 0 ? strangers : [...strangers, { kind: 'journal', caseId, detail: `${journals.length}`, path: inside(store, journalFolder) }];
}

async function strangersBesideCases(store: ProjectStore, known: ReadonlySet<CaseId>): Promise<Finding[]> {
  return (await readdir(store.folder.cases, { withFileTypes: true })).flatMap((entry): Finding[] => {
    const path = inside(store, join(store.folder.cases, entry.name));
    if (entry.name.startsWith(ORPHAN_PREFIX)) return [{ kind: 'caseSetAside', path }];
    const caseId = CaseId.safeParse(entry.name);
    return entry.isDirectory() && caseId.success && !known.has(caseId.data) ? [{ kind: 'caseWithoutRow', path }] : [];
  });
}

/** What a crash left; opening the project for writing removes it. */
async function temporaryFiles(store: ProjectStore): Promise<Finding[]> {
  return (await unfinishedIn(store.folder)).map((path) => ({ kind: 'temporaryFile', path: inside(store, path) }));
}

function runFindings(store: ProjectStore): Finding[] {
  return store.runs
    .list()
    .filter(({ runId, hasCheckpoint }) => hasCheckpoint && !existsSync(store.folder.run(runId)))
    .map(({ runId }) => ({ kind: 'runMissing', path: inside(store, store.folder.run(runId)) }));
}

/** `null`: nothing is wrong. A failure of the disk itself is thrown. */
async function damageOf(read: () => Promise<unknown>): Promise<string | null> {
  try {
    await read();
    return null;
  } catch (thrown) {
    if (thrown instanceof AppException && thrown.error.code === 'disk/corrupt') return thrown.error.detail;
    throw thrown;
  }
}

const corrupt = (path: string, detail: string) => new AppException({ code: 'disk/corrupt', path, detail });
const inside = (store: ProjectStore, path: string): string => relative(store.folder.path, path).split(sep).join('/');

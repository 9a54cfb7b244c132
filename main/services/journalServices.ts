/** Journals of strokes: begun, told and ended by calls, filled over the bulk plane. */
import { randomBytes } from 'node:crypto';
import { relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { Handlers } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import { JournalId, type JournalInfo, type JournalObstacle } from '../contract/journal.ts';
import { CaseId, FIRST_MASK, type MaskNumber, type Revision } from '../contract/vocabulary.ts';
import type { FoundJournal } from '../dataset/journal/strokeJournals.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import { answer } from './answer.ts';
import { requireCase } from './caseSummary.ts';
import type { ProjectSession } from './projectSession.ts';
import type { Windows } from './windows.ts';

type JournalCalls = 'labels.journals' | 'labels.beginJournal' | 'labels.endJournal';

export function journalServices(session: ProjectSession, windows: Windows, author: string): Pick<Handlers, JournalCalls> {
  return {
    'labels.journals': ({ caseId }) =>
      answer(() =>
        session.during(async ({ store }) => {
          // whoever has it open for writing may be painting just now
          if (store.readOnly) return { journals: [] };
          const caseIds = caseId ? [requireCase(store, caseId).caseId] : store.cases.list().map((one) => one.caseId);
          const journals: JournalInfo[] = [];
          for (const one of caseIds) journals.push(...(await journalsOf(store, windows, one, author)));
          return { journals };
        }),
      ),
    'labels.beginJournal': ({ caseId, windowId, base, mask, recoveredFrom }) =>
      answer(() =>
        session.during(async ({ store }) => {
          const { image } = requireCase(store, caseId);
          const journalId = JournalId.parse(`journal-${randomBytes(8).toString('hex')}`);
          await store.journals.begin({
            version: 1,
            journalId,
            caseId,
            author,
            windowId,
            beganAtMs: Date.now(),
            base: baseOf(store, caseId, base),
            grid: image.grid,
            mask: maskOf(store, caseId, base, mask),
            recoveredFrom,
          });
          return { journalId };
        }),
      ),
    'labels.endJournal': ({ caseId, journalId, end }) =>
      answer(() =>
        session.during(async ({ store }) => {
          requireCase(store, caseId);
          await store.journals.end(caseId, journalId, author, end, Date.now());
          return null;
        }),
      ),
  };
}

function maskOf(store: ProjectStore, caseId: CaseId, base: Revision | null, wanted: MaskNumber | undefined): MaskNumber {
  if (wanted !== undefined) return store.masks.require(caseId, wanted).mask;
  return (base !== null && store.revisions.find(caseId, base)?.mask) || store.masks.training(caseId).mask;
}

function baseOf(store: ProjectStore, caseId: CaseId, revision: Revision | null): { revision: Revision; sha256: string } | null {
  if (revision === null) return null;
  const info = store.revisions.find(caseId, revision);
  if (!info) throw new AppException({ code: 'not-found', what: 'revision', id: `${caseId}/${revision}` });
  return { revision, sha256: info.sha256 };
}

async function journalsOf(store: ProjectStore, windows: Windows, caseId: CaseId, author: string): Promise<JournalInfo[]> {
  const found = await store.journals.ofCase(caseId);
  const superseded = new Set(found.flatMap(({ header, frames }) => (header?.recoveredFrom && frames.length > 0 ? [header.recoveredFrom] : [])));
  return found
    .filter(({ header, frames, isDamaged }) => !header || (header.author === author && (frames.length > 0 || isDamaged)))
    .filter(({ journalId }) => !superseded.has(journalId))
    .map((journal) => ({
      journalId: journal.journalId,
      caseId,
      file: `${relative(store.folder.path, store.folder.journals(caseId)).split(sep).join('/')}/${journal.journalId}.strokes`,
      byteCount: journal.fileBytes,
      baseRevision: journal.header?.base?.revision ?? null,
      mask: journal.header?.mask ?? FIRST_MASK,
      changeCount: journal.frames.reduce((sum, { changeCount }) => sum + changeCount, 0),
      lastChangeAtMs: journal.frames.at(-1)?.atMs ?? journal.writtenAtMs,
      isDamaged: journal.isDamaged,
      obstacle: obstacleOf(store, journal),
      isBeingPainted: journal.header !== null && windows.has(journal.header.windowId),
    }));
}

function obstacleOf(store: ProjectStore, { header, caseId }: FoundJournal): JournalObstacle | null {
  if (!header || header.caseId !== caseId) return 'header';
  if (JSON.stringify(header.grid) !== JSON.stringify(requireCase(store, caseId).image.grid)) return 'grid';
  if (header.base && store.revisions.find(caseId, header.base.revision)?.sha256 !== header.base.sha256) return 'base';
  return null;
}

const JOURNAL_PATH = /^\/journal\/([^/]+)\/([^/]+)(?:\/(\d{1,9})\/(\d{1,9}))?$/;
/** Of a run of one voxel: gap, length, label before and after, each in as many bytes as it may take. */
const MOST_BYTES_OF_A_VOXEL = 16;
const MOST_BYTES_BESIDES = 2 ** 20;

interface JournalPath {
  readonly caseId: CaseId;
  readonly journalId: JournalId;
  readonly sequence: number | null;
  readonly changeCount: number;
}

function parsedPath(path: string): JournalPath {
  const [, caseName, journalName, sequence, changeCount] = JOURNAL_PATH.exec(path) ?? [];
  const caseId = CaseId.safeParse(caseName);
  const journalId = JournalId.safeParse(journalName);
  if (!caseId.success || !journalId.success) throw new AppException({ code: 'contract/bad-input', issues: [`no journal at '${path}'`] });
  return { caseId: caseId.data, journalId: journalId.data, sequence: sequence === undefined ? null : Number(sequence), changeCount: Number(changeCount ?? 0) };
}

/** `path` of `bulkUrls.journal`. */
export async function openJournal(store: ProjectStore, path: string, author: string): Promise<{ readonly byteCount: number; readonly body: Readable }> {
  const { caseId, journalId } = parsedPath(path);
  requireCase(store, caseId);
  const { byteCount, chunks } = await store.journals.payloads(caseId, journalId, author);
  return { byteCount, body: Readable.from(chunks, { objectMode: false }) };
}

/** `path` of `bulkUrls.journalFrame`. Resolves when the frame is on the disk. */
export async function appendToJournal(store: ProjectStore, path: string, body: Readable, author: string): Promise<{ readonly sequence: number }> {
  const { caseId, journalId, sequence, changeCount } = parsedPath(path);
  if (sequence === null || sequence < 1) throw new AppException({ code: 'contract/bad-input', issues: [`no frame of a journal at '${path}'`] });
  const [columns, rows, slices] = requireCase(store, caseId).image.grid.dimsIjk;
  const limitBytes = columns * rows * slices * MOST_BYTES_OF_A_VOXEL + MOST_BYTES_BESIDES;
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    byteCount += chunk.length;
    if (byteCount > limitBytes)
      throw new AppException({ code: 'contract/bad-input', issues: [`journal: no change of this case has more than ${limitBytes} bytes`] });
    chunks.push(chunk);
  }
  await store.journals.append(caseId, journalId, author, { sequence, changeCount, atMs: Date.now() }, chunks);
  return { sequence };
}

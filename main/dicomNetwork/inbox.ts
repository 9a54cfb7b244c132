/** Where received objects lie: `inbox/STUDY/SERIES/OBJECT.dcm`, each whole or not there. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openToRead } from '../vault/readSealed.ts';
import { readDicomFileHead, type ObjectFacts } from './dicomFile.ts';
import { pathComponent } from './inboxPath.ts';
import { IncomingFile } from './incomingFile.ts';
import { identifyObject, type ObjectIdentity } from './objectIdentity.ts';

/** The receiver and a retrieval may be at work at once, each in its process; two of a kind never are. */
export type InboxPurpose = 'receiving' | 'retrieving';
/** Private elements before the series UID can be large; more than this is no honest header. */
const BEGINNING_BYTES = 4 * 1024 * 1024;

export type Reception =
  /** `isNew` false: the very same object was there already. */
  | { readonly outcome: 'kept'; readonly identity: ObjectIdentity; readonly studyFolder: string; readonly isNew: boolean }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly detail: string };
export type RefusalReason = 'disk-full' | 'disk' | 'duplicate' | 'mismatch' | 'unreadable';

export class Inbox {
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly folder: string,
    private readonly stagingFolder: string,
  ) {}

  /** Removes what an earlier process of this purpose left unfinished. */
  static async open(folder: string, purpose: InboxPurpose): Promise<Inbox> {
    const stagingFolder = join(folder, `.${purpose}`);
    await rm(stagingFolder, { recursive: true, force: true });
    await mkdir(stagingFolder, { recursive: true });
    return new Inbox(folder, stagingFolder);
  }

  studyFolder(studyUid: string): string {
    return join(this.folder, pathComponent(studyUid));
  }

  seriesFolder(studyUid: string, seriesUid: string): string {
    return join(this.studyFolder(studyUid), pathComponent(seriesUid));
  }

  /** Which objects of a series are there. */
  async presentObjects(studyUid: string, seriesUid: string, objectUids: Iterable<string>): Promise<Set<string>> {
    const names = new Set(await namesIn(this.seriesFolder(studyUid, seriesUid)));
    return new Set([...objectUids].filter((uid) => names.has(`${pathComponent(uid)}.dcm`)));
  }

  async objectCount(studyUid: string, seriesUid: string): Promise<number> {
    return (await namesIn(this.seriesFolder(studyUid, seriesUid))).filter((name) => name.endsWith('.dcm')).length;
  }

  receive(): IncomingFile {
    return new IncomingFile(join(this.stagingFolder, `${randomBytes(8).toString('hex')}.dcm`));
  }

  /** Puts a finished file to its place. `announced`: what the sender said it would be. */
  keep(file: IncomingFile, announced?: ObjectFacts): Promise<Reception> {
    // One after the other: two senders may bring the same object at once.
    const result = this.#turn.then(() => keepFile(this, file, announced));
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

async function keepFile(inbox: Inbox, file: IncomingFile, announced: ObjectFacts | undefined): Promise<Reception> {
  try {
    await file.finished();
    const reception = await place(inbox, file.path, announced);
    if (reception.outcome === 'refused' || !reception.isNew) await file.discard();
    return reception;
  } catch (thrown) {
    await file.discard();
    const { code, message } = thrown as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    return { outcome: 'refused', reason: isFull ? 'disk-full' : 'disk', detail: isFull ? 'the disk is full' : message };
  }
}

async function place(inbox: Inbox, path: string, announced: ObjectFacts | undefined): Promise<Reception> {
  const head = await readDicomFileHead(path);
  const identity = head && identifyObject(await readPart(path, head.datasetOffsetBytes, BEGINNING_BYTES), head.transferSyntaxUid);
  if (!head || !identity) return { outcome: 'refused', reason: 'unreadable', detail: 'it has no readable study, series and object UID' };
  const claimed = announced?.sopInstanceUid ?? head.sopInstanceUid;
  if (claimed !== identity.sopInstanceUid)
    return { outcome: 'refused', reason: 'mismatch', detail: `it was announced as ${claimed} and says ${identity.sopInstanceUid}` };
  const studyFolder = inbox.studyFolder(identity.studyUid);
  const target = join(inbox.seriesFolder(identity.studyUid, identity.seriesUid), `${pathComponent(identity.sopInstanceUid)}.dcm`);
  await mkdir(dirname(target), { recursive: true });
  const present = await readDicomFileHead(target).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined;
    throw thrown;
  });
  if (present === undefined) {
    await rename(path, target);
    return { outcome: 'kept', identity, studyFolder, isNew: true };
  }
  const isSame = present !== null && (await haveSameEnd(target, present.datasetOffsetBytes, path, head.datasetOffsetBytes));
  if (isSame) return { outcome: 'kept', identity, studyFolder, isNew: false };
  return { outcome: 'refused', reason: 'duplicate', detail: `a different object of this UID is kept in ${basename(dirname(target))}` };
}

async function readPart(path: string, from: number, byteCount: number): Promise<Buffer> {
  const file = await openToRead(path);
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(byteCount, size - from)));
    await file.read(bytes, 0, bytes.length, from);
    return bytes;
  } finally {
    await file.close();
  }
}

/** Whether two files are equal from these offsets on. */
async function haveSameEnd(pathA: string, fromA: number, pathB: string, fromB: number): Promise<boolean> {
  const PIECE_BYTES = 1024 * 1024;
  for (let done = 0; ; done += PIECE_BYTES) {
    const [a, b] = await Promise.all([readPart(pathA, fromA + done, PIECE_BYTES), readPart(pathB, fromB + done, PIECE_BYTES)]);
    if (!a.equals(b)) return false;
    if (a.length < PIECE_BYTES) return true;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

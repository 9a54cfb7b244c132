/** C-STORE of files as they are: the bytes of the data set travel unread, in the transfer syntax they are in. */
import { closeSync, openSync, readSync } from 'node:fs';
import { describeError } from '../contract/describeError.ts';
import { AppException, toAppError } from '../contract/errors.ts';
import { DimseAssociation, MAX_CONTEXTS, type Caller, type WantedContext } from './dimseAssociation.ts';
import type { DicomFileHead } from './dicomFile.ts';
import { dimse } from './dimseLibrary.ts';
import { statusOf } from './dimseQuery.ts';
import type { FileToSend, SendingEvents } from './sending.ts';

const SEND_TIMES = { idleMs: 2 * 60_000, associationMs: 30_000 };
/** The library holds one object in memory while it is sent. */
const MAX_OBJECT_BYTES = 2 ** 30;

/** A node that breaks off so often in a row will not take the rest either. */
const FAILURES_IN_A_ROW = 3;

/** Rejects with AppException when the node cannot be talked to; a file that it does not take is told to `events`. */
export async function sendByDimse(caller: Caller, files: readonly FileToSend[], events: SendingEvents): Promise<void> {
  let failuresInARow = 0;
  for (let at = 0; at < files.length && !events.stop.aborted; ) {
    const group = files.slice(at, at + countOfOneAssociation(files, at));
    const link = await DimseAssociation.open(caller, contextsOf(group), { times: SEND_TIMES });
    try {
      for (const { path, head } of group) {
        if (events.stop.aborted) break;
        at++;
        try {
          const refusal = await sendOne(link, path, head);
          failuresInARow = 0;
          if (refusal) events.onRefused(path, refusal);
          else events.onSent(path);
        } catch (thrown) {
          if (++failuresInARow === FAILURES_IN_A_ROW) throw thrown;
          events.onRefused(path, describeError(toAppError(thrown)));
          break; // over a new association with the rest
        }
      }
    } finally {
      await link.release();
    }
  }
}

/** `null`: the node keeps it. */
async function sendOne(link: DimseAssociation, path: string, head: DicomFileHead): Promise<string | null> {
  const accepted = link.accepted(head.sopClassUid);
  if (accepted.length === 0) return `the node does not take objects of class ${head.sopClassUid}`;
  if (!accepted.includes(head.transferSyntaxUid)) return `the node does not take transfer syntax ${head.transferSyntaxUid}, in which the file is`;
  if (head.fileBytes > MAX_OBJECT_BYTES) return `it is larger than ${MAX_OBJECT_BYTES / 2 ** 20} MB; send it by DICOMweb`;
  const response = await link.perform(new dimse.requests.CStoreRequest(new StoredDataset(path, head)));
  const status = response.getStatus();
  // Bxxx: kept, with a remark (PS3.4 table B.2-1).
  if (status === 0 || (status & 0xf000) === 0xb000) return null;
  const { status: shown, detail } = statusOf(response);
  return `status ${shown}${detail && `: ${detail}`}`;
}

/** To the library a data set with two elements; what it writes are the bytes of the file. */
class StoredDataset extends dimse.Dataset {
  constructor(
    private readonly path: string,
    private readonly head: DicomFileHead,
  ) {
    super({ SOPClassUID: head.sopClassUid, SOPInstanceUID: head.sopInstanceUid }, head.transferSyntaxUid);
  }

  override getDenaturalizedDataset(): Buffer {
    const { datasetOffsetBytes, fileBytes } = this.head;
    const datasetBytes = fileBytes - datasetOffsetBytes;
    // Deflated streams may be odd in files; a null behind them does not count (PS3.5 section A.5).
    const bytes = Buffer.alloc(datasetBytes + (datasetBytes % 2));
    const file = openSync(this.path, 'r');
    try {
      for (let at = 0; at < datasetBytes; ) {
        const readBytes = readSync(file, bytes, at, datasetBytes - at, datasetOffsetBytes + at);
        if (readBytes === 0) throw new AppException({ code: 'import/truncated', path: this.path, expectedBytes: fileBytes, actualBytes: datasetOffsetBytes + at });
        at += readBytes;
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }
}

const contextKey = ({ head }: FileToSend): string => `${head.sopClassUid} ${head.transferSyntaxUid}`;

/** One transfer syntax in each context, so that the node cannot choose another one than the file's. */
function contextsOf(files: readonly FileToSend[]): WantedContext[] {
  const byKey = new Map(files.map((file) => [contextKey(file), file.head]));
  return [...byKey.values()].map(({ sopClassUid, transferSyntaxUid }) => ({ sopClassUid, transferSyntaxUids: [transferSyntaxUid] }));
}

/** How many files from `start` on find their contexts in one association. */
function countOfOneAssociation(files: readonly FileToSend[], start: number): number {
  const keys = new Set<string>();
  let end = start;
  for (; end < files.length; end++) {
    keys.add(contextKey(files[end]!));
    if (keys.size > MAX_CONTEXTS) break;
  }
  return end - start;
}

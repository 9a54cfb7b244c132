/**
 * C-STORE of files as they are: the bytes of the data set travel unread, in the transfer syntax they are in. One exception: to a
 * node that takes the default syntax alone an uncompressed one is sent in that.
 */
import { describeError } from '../contract/describeError.ts';
import { AppException, toAppError } from '../contract/errors.ts';
import { readNow } from '../vault/readSealed.ts';
import { DimseAssociation, MAX_CONTEXTS, type Caller, type WantedContext } from './dimseAssociation.ts';
import type { DicomFileHead } from './dicomFile.ts';
import { dimse } from './dimseLibrary.ts';
import { statusOf } from './dimseQuery.ts';
import { implicitDataset } from './implicitDataset.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './storageClasses.ts';
import type { FileToSend, SendingEvents } from './sending.ts';

const SEND_TIMES = { idleMs: 2 * 60_000, associationMs: 30_000 };
/** The library holds one object in memory while it is sent. */
const MAX_OBJECT_BYTES = 2 ** 30;

/** A node that breaks off so often in a row will not take the rest either. */
const FAILURES_IN_A_ROW = 3;

/** Rejects with AppException when the node cannot be talked to; a file that it does not take is told to `events`. */
export async function sendByDimse(caller: Caller, files: readonly FileToSend[], events: SendingEvents): Promise<void> {
  let failuresInARow = 0;
  for (let at = 0; at < files.length && !events.stop.aborted;) {
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
  const syntax = [head.transferSyntaxUid, ...otherSyntaxes(head)].find((uid) => accepted.includes(uid));
  if (!syntax) return `the node does not take transfer syntax ${head.transferSyntaxUid}, in which the file is`;
  if (head.fileBytes > MAX_OBJECT_BYTES) return `it is larger than ${MAX_OBJECT_BYTES / 2 ** 20} MB; send it by DICOMweb`;
  const response = await link.perform(new dimse.requests.CStoreRequest(new StoredDataset(path, head, syntax)));
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
    private readonly sentSyntaxUid: string,
  ) {
    super({ SOPClassUID: head.sopClassUid, SOPInstanceUID: head.sopInstanceUid }, sentSyntaxUid);
  }

  override getDenaturalizedDataset(): Buffer {
    const bytes = this.#read();
    if (this.sentSyntaxUid === this.head.transferSyntaxUid) return bytes;
    const converted = implicitDataset(bytes);
    if (!converted) throw new AppException({ code: 'import/unreadable', path: this.path, detail: 'its data set is damaged' });
    return converted;
  }

  #read(): Buffer {
    const { datasetOffsetBytes, fileBytes } = this.head;
    const datasetBytes = fileBytes - datasetOffsetBytes;
    // Deflated streams may be odd in files; a null behind them does not count (PS3.5 section A.5).
    const bytes = Buffer.alloc(datasetBytes + (datasetBytes % 2));
    const readBytes = readNow(this.path, bytes.subarray(0, datasetBytes), datasetOffsetBytes);
    if (readBytes < datasetBytes)
      throw new AppException({ code: 'import/truncated', path: this.path, expectedBytes: fileBytes, actualBytes: datasetOffsetBytes + readBytes });
    return bytes;
  }
}

/** In which a file can be sent besides its own. */
const otherSyntaxes = ({ transferSyntaxUid }: DicomFileHead): string[] => (transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN ? [IMPLICIT_LITTLE_ENDIAN] : []);

const contextKey = ({ head }: FileToSend): string => `${head.sopClassUid} ${head.transferSyntaxUid}`;

/** One transfer syntax in each context, so that the node cannot choose another one than the file's. */
function contextsOf(files: readonly FileToSend[]): WantedContext[] {
  const byKey = new Map(files.map((file) => [contextKey(file), file.head]));
  return [...byKey.values()].flatMap((head) =>
    [head.transferSyntaxUid, ...otherSyntaxes(head)].map((uid) => ({ sopClassUid: head.sopClassUid, transferSyntaxUids: [uid] })),
  );
}

/** How many files from `start` on find their contexts, at most two for each kind, in one association. */
function countOfOneAssociation(files: readonly FileToSend[], start: number): number {
  const keys = new Set<string>();
  let end = start;
  for (; end < files.length; end++) {
    keys.add(contextKey(files[end]!));
    if (2 * keys.size > MAX_CONTEXTS) break;
  }
  return end - start;
}

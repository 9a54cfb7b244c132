/** One end of a DIMSE association that can take objects: the receiver's end, and ours while a node answers a C-GET. */
import type { Socket } from 'node:net';
import type { Dataset, association, requests, responses } from 'dcmjs-dimse';
import { fileHeader, type ObjectFacts } from './dicomFile.ts';
import { dimse } from './dimseLibrary.ts';
import type { Inbox, Reception, RefusalReason } from './inbox.ts';
import type { IncomingFile } from './incomingFile.ts';
import { PduViolation, PduWatch } from './pduWatch.ts';

export type PresentationContext = association.PresentationContext;
export type CStoreRequest = requests.CStoreRequest;

/** One object, one file; larger ones are refused so that a peer cannot fill the disk with a single one. */
const MAX_OBJECT_BYTES = 16 * 2 ** 30;
const MAX_AE_TITLE_CHARACTERS = 16;

/** PS3.4 section B.2.3 and PS3.7 annex C. */
export const STORE_STATUS: Record<RefusalReason | 'success', number> = {
  success: 0x0000,
  'disk-full': 0xa700,
  disk: 0x0110,
  duplicate: 0x0111,
  mismatch: 0xa900,
  unreadable: 0xc000,
};

export interface PeerTimes {
  /** Without a byte in either direction. */
  readonly idleMs: number;
  readonly associationMs: number;
}
/** The library counts from the last message that came; we count silence by ourselves. */
const NEVER_MS = 2 ** 31 - 1;

export class StoringPeer extends dimse.Scp {
  readonly #watch = new PduWatch();
  #incoming: { readonly file: IncomingFile; readonly facts: ObjectFacts } | null = null;

  constructor(
    protected readonly peerSocket: Socket,
    protected readonly inbox: Inbox | null,
    times: PeerTimes,
  ) {
    // Command and data set are small writes; together with delayed acknowledgements each object would wait 40 ms.
    peerSocket.setNoDelay(true);
    // Ahead of the library's own listener, which would collect whatever comes.
    const before = { watch: null as PduWatch | null };
    peerSocket.on('data', (chunk: Buffer) => {
      try {
        before.watch?.see(chunk);
      } catch (thrown) {
        if (!(thrown instanceof PduViolation)) throw thrown;
        peerSocket.destroy(thrown);
      }
    });
    super(peerSocket, { connectTimeout: times.idleMs, associationTimeout: times.associationMs, pduTimeout: NEVER_MS });
    before.watch = this.#watch;
    peerSocket.once('close', () => void this.#incoming?.file.discard());
  }

  /** Who is at the other end, for the records. */
  protected get peerAeTitle(): string {
    return '';
  }

  /** Called for each object that came, before it is answered. */
  protected stored(_facts: ObjectFacts, _reception: Reception): void {}

  override createStoreWritableStream(context: PresentationContext, request: CStoreRequest): IncomingFile {
    if (!this.inbox) throw new Error('an object that nobody asked for');
    this.#watch.allowDataset(MAX_OBJECT_BYTES);
    const facts = {
      sopClassUid: request.getAffectedSopClassUid(),
      sopInstanceUid: request.getAffectedSopInstanceUid(),
      transferSyntaxUid: context.getAcceptedTransferSyntaxUid() ?? '',
    };
    const file = this.inbox.receive();
    this.#incoming = { file, facts };
    file.write(fileHeader(facts, this.peerAeTitle.slice(0, MAX_AE_TITLE_CHARACTERS)));
    const write = file.write.bind(file);
    // A disk slower than the network holds the network back, not the memory.
    file.on('drain', () => this.peerSocket.resume());
    file.write = (chunk: Buffer): boolean => {
      if (!write(chunk)) this.peerSocket.pause();
      return true;
    };
    return file;
  }

  override createDatasetFromStoreWritableStream(_file: unknown, _context: PresentationContext, callback: (dataset: Dataset) => void): void {
    callback(new dimse.Dataset({})); // the bytes are in the file
  }

  override cStoreRequest(request: CStoreRequest, callback: (response: responses.CStoreResponse) => void): void {
    const incoming = this.#incoming;
    this.#incoming = null;
    const response = dimse.responses.CStoreResponse.fromRequest(request);
    if (!incoming || !this.inbox) {
      response.setStatus(STORE_STATUS.unreadable);
      callback(response);
      return;
    }
    void this.inbox.keep(incoming.file, incoming.facts).then((reception) => {
      this.stored(incoming.facts, reception);
      response.setStatus(STORE_STATUS[reception.outcome === 'kept' ? 'success' : reception.reason]);
      if (reception.outcome === 'refused') response.setErrorComment(asComment(reception.detail));
      if (!this.peerSocket.destroyed) callback(response);
    });
  }

  override cEchoRequest(request: requests.CEchoRequest, callback: (response: responses.CEchoResponse) => void): void {
    const response = dimse.responses.CEchoResponse.fromRequest(request);
    response.setStatus(STORE_STATUS.success);
    callback(response);
  }
}

/** LO: 64 characters of plain text. */
const asComment = (detail: string): string => detail.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64);

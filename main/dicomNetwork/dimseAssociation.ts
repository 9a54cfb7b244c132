/** A DIMSE association that we open: one request at a time, every failure an `AppException` that says whose it is. */
import { readFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { association, requests, responses } from 'dcmjs-dimse';
import { AppException, type AppError } from '../contract/errors.ts';
import type { SecretDimseNode } from '../contract/dicomNetwork.ts';
import { connectionError } from './connectionError.ts';
import type { ObjectFacts } from './dicomFile.ts';
import { dimse } from './dimseLibrary.ts';
import type { Inbox, Reception } from './inbox.ts';
import { MAX_PDU_BYTES } from './pduWatch.ts';
import { StoringPeer, type PeerTimes } from './storingPeer.ts';

export interface Caller {
  readonly node: SecretDimseNode;
  /** Our own. */
  readonly aeTitle: string;
}
export interface WantedContext {
  readonly sopClassUid: string;
  readonly transferSyntaxUids: readonly string[];
  /** The node will store to us over this context (C-GET, PS3.7 section D.3.3.4). */
  readonly isReversed?: boolean;
}
export interface AssociationOptions {
  readonly times?: PeerTimes;
  readonly inbox?: Inbox;
  readonly onStored?: (facts: ObjectFacts, reception: Reception) => void;
}

const CONNECT_MS = 10_000;
const RELEASE_MS = 3_000;
const DEFAULT_TIMES: PeerTimes = { idleMs: 60_000, associationMs: 30_000 };
/** PS3.8 section D.1 sets no minimum, but a smaller one would make the library loop. */
const MIN_PDU_BYTES = 1024;
/** One byte holds odd numbers only. */
export const MAX_CONTEXTS = 128;

const PENDING = new Set([0xff00, 0xff01]);

export class DimseAssociation {
  /** Set by whatever ends the association early. */
  #failure: AppException | null = null;
  readonly #waiting = new Set<(failure: AppException) => void>();

  readonly #peer: Requestor;

  private constructor(
    private readonly caller: Caller,
    private readonly socket: Socket,
    options: AssociationOptions,
  ) {
    const fail = (error: AppError): void => this.#fail(error);
    // Ahead of the library, which passes on a text without the error's code.
    socket.on('error', (thrown) => fail(connectionError(caller.node, thrown)));
    socket.on('timeout', () => fail(unreachable(caller.node, 'timeout', 'no answer')));
    this.#peer = new Requestor(socket, options);
    socket.on('close', () => fail(unreachable(caller.node, 'closed', 'without a word')));
    this.#peer.on('abort', () => fail(unreachable(caller.node, 'closed', 'it aborted the association')));
    this.#peer.on('associationRejected', (rejected: Rejection) => fail(rejection(caller, rejected)));
    this.#peer.on('networkError', (thrown: Error) => fail({ code: 'network/bad-answer', node: caller.node.name, detail: thrown.message }));
  }

  /** Rejects with AppException `network/…` when the node cannot be reached or does not agree. */
  static async open(caller: Caller, contexts: readonly WantedContext[], options: AssociationOptions = {}): Promise<DimseAssociation> {
    const { node } = caller;
    const socket = node.tls
      ? connectTls({ host: node.host, port: node.port, ca: node.caFile && (await readFile(node.caFile)) })
      : connectPlain({ host: node.host, port: node.port });
    const opened = new DimseAssociation(caller, socket, options);
    const peer = opened.#peer;
    const timer = setTimeout(() => opened.#fail(unreachable(node, 'timeout', `no connection within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    try {
      await opened.#until<void>((resolve) => peer.once('connect', () => resolve()));
      clearTimeout(timer);
      await opened.#until<void>((resolve) => {
        peer.once('associationAccepted', () => resolve());
        peer.sendAssociationRequest(associationOf(caller, contexts));
      });
    } finally {
      clearTimeout(timer);
    }
    const maxPdu = peer.agreed.getMaxPduLength();
    if (maxPdu !== 0 && maxPdu < MIN_PDU_BYTES) {
      opened.abort();
      throw new AppException({ code: 'network/bad-answer', node: node.name, detail: `it takes messages of ${maxPdu} bytes only` });
    }
    // The library fills messages to the last byte, and fragments must be even (PS3.8 section 9.3.5.1).
    peer.agreed.setMaxPduLength(maxPdu - (maxPdu % 2));
    return opened;
  }

  /** What the node's software calls itself. */
  get implementation(): string {
    return this.#peer.agreed.getImplementationVersion();
  }

  /** Transfer syntaxes that the node takes for a SOP class. */
  accepted(sopClassUid: string): string[] {
    return this.#peer.agreed
      .getPresentationContexts()
      .map(({ context }) => context)
      .filter((context) => context.getAbstractSyntaxUid() === sopClassUid && context.getResult() === dimse.constants.PresentationContextResult.Accept)
      .flatMap((context) => context.getAcceptedTransferSyntaxUid() ?? []);
  }

  /** Resolves with the last response; `onPending` sees those before it. Throws where the node does not offer the service. */
  async perform<R extends responses.CFindResponse>(request: requests.Request, onPending: (response: R) => void = () => {}): Promise<R> {
    const sopClassUid = request.getAffectedSopClassUid();
    if (this.accepted(sopClassUid).length === 0) throw new AppException(rejectionFact(this.caller, 'no-service', `service ${sopClassUid} is not accepted`));
    return this.#until<R>((resolve) => {
      request.on('response', (response: R) => {
        if (PENDING.has(response.getStatus())) onPending(response);
        else resolve(response);
      });
      this.#peer.sendRequests(request);
    });
  }

  /** Asks the node to stop a running C-FIND, C-MOVE or C-GET; its last response says that it did. */
  cancel(request: requests.CFindRequest | requests.CMoveRequest | requests.CGetRequest): void {
    this.#peer.sendCancel(request);
  }

  async release(): Promise<void> {
    if (this.#failure) return;
    const released = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RELEASE_MS);
      this.#waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#peer.once('associationReleaseResponse', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.#peer.sendAssociationReleaseRequest();
    await released;
    this.#waiting.clear();
    this.socket.destroy();
  }

  /** Ends it at once. */
  abort(): void {
    if (!this.#failure && !this.socket.connecting) this.#peer.sendAbort();
    this.socket.destroySoon();
  }

  #fail(error: AppError): void {
    if (this.#failure) return;
    this.#failure = new AppException(error);
    this.socket.destroy();
    for (const reject of this.#waiting) reject(this.#failure);
    this.#waiting.clear();
  }

  #until<T>(start: (resolve: (value: T) => void) => void): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      start((value) => {
        this.#waiting.delete(reject);
        resolve(value);
      });
    });
  }
}

class Requestor extends StoringPeer {
  agreed: association.Association = new dimse.association.Association('', '');
  readonly #onStored: AssociationOptions['onStored'];

  constructor(socket: Socket, { inbox, onStored, times }: AssociationOptions) {
    super(socket, inbox ?? null, times ?? DEFAULT_TIMES);
    this.#onStored = onStored;
    this.on('associationAccepted', (agreed: association.Association) => {
      this.agreed = agreed;
    });
  }

  protected override get peerAeTitle(): string {
    return this.agreed.getCalledAeTitle();
  }

  protected override stored(facts: ObjectFacts, reception: Reception): void {
    this.#onStored?.(facts, reception);
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }

  override abort(): void {
    // `DimseAssociation` listens to the event itself.
  }
}

function associationOf({ node, aeTitle }: Caller, contexts: readonly WantedContext[]): association.Association {
  const wanted = new dimse.association.Association(aeTitle, node.aeTitle);
  wanted.setMaxPduLength(MAX_PDU_BYTES);
  contexts.slice(0, MAX_CONTEXTS).forEach(({ sopClassUid, transferSyntaxUids, isReversed }) => {
    const id = wanted.addPresentationContext(sopClassUid);
    transferSyntaxUids.forEach((uid) => wanted.addTransferSyntaxToPresentationContext(id, uid));
    if (isReversed) wanted.getPresentationContext(id).setProviderRole(true);
  });
  return wanted;
}

interface Rejection {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

/** PS3.8 section 9.3.4. */
function rejection(caller: Caller, { result, source, reason }: Rejection): AppError {
  const detail = `result ${result}, source ${source}, reason ${reason}`;
  if (source === 1 && reason === 3) return rejectionFact(caller, 'calling-ae-title', detail);
  if (source === 1 && reason === 7) return rejectionFact(caller, 'called-ae-title', detail);
  if (source === 3) return rejectionFact(caller, 'busy', reason === 2 ? 'local limit exceeded' : 'temporary congestion');
  return rejectionFact(caller, 'other', detail);
}

function rejectionFact({ node, aeTitle }: Caller, reason: 'calling-ae-title' | 'called-ae-title' | 'busy' | 'no-service' | 'other', detail: string): AppError {
  return { code: 'network/rejected', node: node.name, reason, callingAeTitle: aeTitle, calledAeTitle: node.aeTitle, detail };
}

function unreachable({ name, host, port }: SecretDimseNode, reason: 'timeout' | 'closed', detail: string): AppError {
  return { code: 'network/unreachable', node: name, address: `${host}:${port}`, reason, detail };
}

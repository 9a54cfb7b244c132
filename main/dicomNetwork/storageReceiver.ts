/** The receiving end of C-STORE: a server that writes what allowed peers send into the inbox. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { association } from 'dcmjs-dimse';
import { AppException } from '../contract/errors.ts';
import type { OwnStation } from '../contract/dicomNetwork.ts';
import type { ObjectFacts } from './dicomFile.ts';
import { dimse } from './dimseLibrary.ts';
import type { Inbox, Reception } from './inbox.ts';
import { MAX_PDU_BYTES } from './pduWatch.ts';
import { acceptedTransferSyntax, isStorageClass, VERIFICATION } from './storageClasses.ts';
import { StoringPeer } from './storingPeer.ts';

/** Each may hold a few megabytes. */
const MAX_CONNECTIONS = 16;
const TIMES = { idleMs: 60_000, associationMs: 30_000 };
/** Results of PS3.8 section 9.3.3.2. */
const { Accept, RejectAbstractSyntaxNotSupported, RejectTransferSyntaxesNotSupported } = dimse.constants.PresentationContextResult;

export interface ReceiverEvents {
  onObject(facts: ObjectFacts, callingAeTitle: string, reception: Reception): void;
}

export class StorageReceiver {
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** Port 0: any free one. Rejects with AppException network/port-in-use. */
  static async start(station: Omit<OwnStation, 'port'> & { readonly port: number }, inbox: Inbox, events: ReceiverEvents): Promise<StorageReceiver> {
    const server = createServer();
    server.maxConnections = MAX_CONNECTIONS;
    const receiver = new StorageReceiver(server);
    server.on('connection', (socket) => {
      receiver.#sockets.add(socket);
      socket.once('close', () => receiver.#sockets.delete(socket));
      new Acceptor(socket, inbox, station, events);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (thrown: NodeJS.ErrnoException) => {
        const isTaken = thrown.code === 'EADDRINUSE' || thrown.code === 'EACCES';
        reject(isTaken ? new AppException({ code: 'network/port-in-use', port: station.port }) : thrown);
      });
      server.listen({ port: station.port, host: station.listenOn === 'localhost' ? '127.0.0.1' : undefined }, resolve);
    });
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Breaks running associations off; their senders know what was not confirmed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

class Acceptor extends StoringPeer {
  #calling = '';

  constructor(
    socket: Socket,
    inbox: Inbox,
    private readonly station: Pick<OwnStation, 'aeTitle' | 'allowedAeTitles'>,
    private readonly events: ReceiverEvents,
  ) {
    super(socket, inbox, TIMES);
    // A peer that breaks off or talks nonsense loses its connection, and nothing else happens.
    socket.on('error', () => socket.destroy());
    this.on('networkError', () => socket.destroy());
  }

  protected override get peerAeTitle(): string {
    return this.#calling;
  }

  protected override stored(facts: ObjectFacts, reception: Reception): void {
    this.events.onObject(facts, this.#calling, reception);
  }

  override associationRequested(asked: association.Association): void {
    const { RejectReason, RejectResult, RejectSource } = dimse.constants;
    const reject = (reason: number): void => {
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, reason);
      this.peerSocket.end();
    };
    this.#calling = asked.getCallingAeTitle().trim();
    const { aeTitle, allowedAeTitles } = this.station;
    if (asked.getCalledAeTitle().trim() !== aeTitle) return reject(RejectReason.CalledAeNotRecognized);
    if (allowedAeTitles.length > 0 && !allowedAeTitles.includes(this.#calling)) return reject(RejectReason.CallingAeNotRecognized);
    for (const { context } of asked.getPresentationContexts()) {
      const syntax = acceptedTransferSyntax(context.getTransferSyntaxUids());
      const isKnown = context.getAbstractSyntaxUid() === VERIFICATION || isStorageClass(context.getAbstractSyntaxUid());
      if (!isKnown) context.setResult(RejectAbstractSyntaxNotSupported);
      else if (syntax === null) context.setResult(RejectTransferSyntaxesNotSupported);
      else context.setResult(Accept, syntax);
    }
    // The library answers with the smaller of both; a peer without limit says 0, which would lift ours as well.
    if (asked.getMaxPduLength() === 0) asked.setMaxPduLength(MAX_PDU_BYTES);
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.peerSocket.end();
  }

  override abort(): void {
    this.peerSocket.destroy();
  }
}

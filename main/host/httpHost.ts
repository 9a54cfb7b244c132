/**
 * The workstation for a browser: contract calls, events, bulk bytes and the renderer bundle over HTTP. On the loopback
 * interface for the one who has the printed link, or shared by people who sign in; then each call needs its role.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { isVoxelPath } from '../contract/api.ts';
import { err, type AppError } from '../contract/errors.ts';
import { WindowId } from '../contract/journal.ts';
import { UPLOAD_ROLE, hasRole } from '../contract/roles.ts';
import { callService } from '../services/callService.ts';
import type { BulkAnswer, Services } from '../services/services.ts';
import type { UserBook } from '../services/userBook.ts';
import type { Access, Visitor } from './access.ts';
import { closeAfter, sendJson, sendText } from './answers.ts';
import { LOOPBACK, type Doorway } from './doorway.ts';
import { streamEvents } from './eventStream.ts';
import { LinkAccess } from './linkAccess.ts';
import { LoginAccess } from './loginAccess.ts';
import { PayloadTooLarge, readCall } from './readCall.ts';
import { securityHeaders } from './securityHeaders.ts';
import { openStaticFile } from './staticFiles.ts';

export interface HttpHostOptions {
  readonly services: Services;
  /** Folder of the built renderer (holds index.html). */
  readonly rendererFolder: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Absent: the loopback interface, for one person. */
  readonly doorway?: Doorway;
  /** Who may sign in where the doorway is shared. */
  readonly users?: UserBook;
  readonly heartbeatMs?: number;
  readonly maxCallBytes?: number;
  readonly maxUploadBytes?: number;
  /** Told about failures that have no request left to answer. */
  readonly onProblem?: (problem: unknown) => void;
}

export interface HttpHost {
  readonly port: number;
  /** Where people who sign in go. */
  readonly address: string;
  /** A fresh link that lets one browser in. An earlier link that was not used stops working. `null` where people sign in. */
  newLink(): string | null;
  /** Ends open connections and frees the port; leaves the services alone. */
  close(): Promise<void>;
}

interface Context extends Required<Omit<HttpHostOptions, 'port' | 'doorway' | 'users'>> {
  readonly scheme: 'http' | 'https';
  /** Host headers that are answered. */
  readonly hosts: readonly string[];
  readonly access: Access;
}

const ALONE: Doorway = { address: LOOPBACK, isShared: false, tls: null, hostNames: [LOOPBACK, 'localhost'] };

/** Rejects when the port is taken. */
export async function startHttpHost(options: HttpHostOptions): Promise<HttpHost> {
  const { doorway = ALONE, users } = options;
  const { tls, hostNames } = doorway;
  if (doorway.isShared && !users) throw new Error('a shared host needs the book of its users');
  const server = tls ? createTlsServer({ ...tls, minVersion: 'TLSv1.2' }) : createServer();
  await listen(server, options.port, doorway.address);
  const { port } = server.address() as AddressInfo;
  const link = new LinkAccess(port);
  const isShared = doorway.isShared && users !== undefined;
  const context: Context = {
    heartbeatMs: 15_000,
    maxCallBytes: 1024 * 1024,
    maxUploadBytes: 4 * 1024 ** 3,
    onProblem: () => undefined,
    ...options,
    scheme: tls ? 'https' : 'http',
    hosts: hostNames.flatMap((name) => (port === (tls ? 443 : 80) ? [name, `${name}:${port}`] : [`${name}:${port}`])),
    access: isShared ? new LoginAccess({ users, port, isSecure: tls !== null }) : link,
  };
  server.on('request', (request, response) => {
    // once seen over TLS, never again without
    if (tls) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
    answer(request, response, context).catch((thrown: unknown) => {
      context.onProblem(thrown);
      if (!response.headersSent) sendText(response, 500, 'The request failed.');
      else response.destroy();
    });
  });
  const host = hostNames.find((name) => name !== LOOPBACK && name !== 'localhost' && name !== '[::1]') ?? LOOPBACK;
  return {
    port,
    address: `${context.scheme}://${host}:${port}/`,
    newLink: () => (isShared ? null : `${context.scheme}://${LOOPBACK}:${port}/?token=${link.issueToken()}`),
    close: () => close(server),
  };
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((problem) => (problem ? reject(problem) : resolve()));
    // Event streams never end by themselves.
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const host = (request.headers.host ?? '').toLowerCase();
  // A foreign name that resolves to our address (DNS rebinding) shows here.
  if (!context.hosts.includes(host)) return sendText(response, 403, 'This address is not served here.');
  const origin = `${context.scheme}://${host}`;
  const url = URL.canParse(request.url ?? '/', origin) ? new URL(request.url ?? '/', origin) : null;
  if (url?.host !== new URL(origin).host) return sendText(response, 404, 'There is nothing at this address.');
  const visitor = await context.access.visitor(request);
  const isForeign = request.method === 'POST' && request.headers.origin !== origin;
  if (!isForeign && (await context.access.answer(url, request, response))) return;
  if (!visitor) return context.access.refuse(url, request, response);
  if (isForeign) return sendText(response, 403, 'This page may not send requests here.');
  if (request.method === 'POST') return answerPost(url.pathname, request, response, context, visitor);
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendText(response, 405, 'Only GET and POST are served here.', { Allow: 'GET, HEAD, POST' });
  return answerGet(url, request, response, context, visitor);
}

async function answerGet(
  { pathname: path, searchParams }: URL,
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
  visitor: Visitor,
): Promise<void> {
  if (path === '/api/events')
    return streamEvents(response, context.services, WindowId.safeParse(searchParams.get('window')).data ?? null, context.heartbeatMs, () =>
      visitor.isStillIn(),
    );
  if (path === '/api/call' || path === '/upload') return sendText(response, 405, 'Use POST.', { Allow: 'POST' });
  if (isVoxelPath(path)) {
    return sendBulk(request, response, await context.services.bulk.get(path, visitor.userName ?? undefined));
  }
  const file = await openStaticFile(context.rendererFolder, path);
  if (!file) return sendText(response, 404, 'There is nothing at this address.');
  return sendBulk(request, response, { status: 200, ...file });
}

async function answerPost(path: string, request: IncomingMessage, response: ServerResponse, context: Context, visitor: Visitor): Promise<void> {
  if (path === '/api/call') return answerCall(request, response, context, visitor);
  if (path === '/upload') return answerUpload(request, response, context, visitor, () => context.services.bulk.upload(request));
  if (path.startsWith('/journal/'))
    return answerUpload(request, response, context, visitor, () => context.services.bulk.append(path, request, visitor.userName ?? undefined));
  return sendText(response, 404, 'There is nothing at this address.');
}

async function answerCall(request: IncomingMessage, response: ServerResponse, context: Context, visitor: Visitor): Promise<void> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return sendRefusal(response, 415, 'the body must be application/json');
  }
  try {
    const call = await readCall(request, context.maxCallBytes);
    if (!call.ok) return sendJson(response, 400, call);
    sendJson(response, 200, await callService(handlersOf(context.services, visitor), call.value.name, call.value.input, visitor.role));
  } catch (thrown) {
    if (!(thrown instanceof PayloadTooLarge)) throw thrown;
    sendRefusal(response, 413, `the body exceeds ${context.maxCallBytes} bytes`);
  }
}

/** Saves and acceptances carry the name of who signed in. */
const handlersOf = (services: Services, { userName, role }: Visitor) => (userName === null ? services.handlers : services.handlersOf({ name: userName, role }));

async function answerUpload(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
  { role }: Visitor,
  receive: () => Promise<BulkAnswer>,
): Promise<void> {
  if (!hasRole(role, UPLOAD_ROLE))
    return sendJson(response, 403, { code: 'access/denied', action: 'upload', role, leastRole: UPLOAD_ROLE } satisfies AppError, closeAfter);
  const announcedBytes = request.headers['content-length'];
  // A Blob always announces its size; without it the limit could only be noticed on a full disk.
  if (announcedBytes === undefined) return sendUploadRefusal(response, 411, 'the body needs a Content-Length');
  if (Number(announcedBytes) > context.maxUploadBytes) {
    return sendUploadRefusal(response, 413, `the body exceeds ${context.maxUploadBytes} bytes`);
  }
  await sendBulk(request, response, await receive());
}

async function sendBulk(request: IncomingMessage, response: ServerResponse, bulk: BulkAnswer): Promise<void> {
  const length = bulk.contentLength === null ? {} : { 'Content-Length': String(bulk.contentLength) };
  response.writeHead(bulk.status, { ...securityHeaders, 'Content-Type': bulk.contentType, ...length });
  if (request.method === 'HEAD') {
    bulk.body.destroy();
    response.end();
    return;
  }
  try {
    await pipeline(bulk.body, response);
  } catch (thrown) {
    if (!isDeparture(thrown)) throw thrown;
  }
}

/** A browser that scrolls on cancels its fetch; that is no failure of ours. */
function isDeparture(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(code);
}

const badInput = (issue: string): AppError => ({ code: 'contract/bad-input', issues: [issue] });

/** A refused call answers as the contract does, with a `Result`. */
function sendRefusal(response: ServerResponse, status: number, issue: string): void {
  sendJson(response, status, err(badInput(issue)), closeAfter);
}

/** A refused upload answers as the bulk plane does, with an `AppError`. */
function sendUploadRefusal(response: ServerResponse, status: number, issue: string): void {
  sendJson(response, status, badInput(issue), closeAfter);
}

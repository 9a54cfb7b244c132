/**
 * The workstation for a browser on the same machine: contract calls, events, bulk bytes and the renderer bundle over
 * HTTP on the loopback interface. Everything but the one-time link needs the session cookie.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { isVoxelPath } from '../contract/api.ts';
import { err, type AppError } from '../contract/errors.ts';
import { callService } from '../services/callService.ts';
import type { BulkAnswer, Services } from '../services/services.ts';
import { BrowserSession } from './browserSession.ts';
import { streamEvents } from './eventStream.ts';
import { PayloadTooLarge, readCall } from './readCall.ts';
import { securityHeaders } from './securityHeaders.ts';
import { openStaticFile } from './staticFiles.ts';

export interface HttpHostOptions {
  readonly services: Services;
  /** Folder of the built renderer (holds index.html). */
  readonly rendererFolder: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly heartbeatMs?: number;
  readonly maxCallBytes?: number;
  readonly maxUploadBytes?: number;
  /** Told about failures that have no request left to answer. */
  readonly onProblem?: (problem: unknown) => void;
}

export interface HttpHost {
  readonly port: number;
  /** A fresh link that lets one browser in. An earlier link that was not used stops working. */
  newLink(): string;
  /** Ends open connections and frees the port; leaves the services alone. */
  close(): Promise<void>;
}

interface Context extends Required<Omit<HttpHostOptions, 'port'>> {
  readonly port: number;
  readonly session: BrowserSession;
}

/** Rejects when the port is taken. */
export async function startHttpHost(options: HttpHostOptions): Promise<HttpHost> {
  const server = createServer();
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  const context: Context = {
    heartbeatMs: 15_000,
    maxCallBytes: 1024 * 1024,
    maxUploadBytes: 4 * 1024 ** 3,
    onProblem: () => undefined,
    ...options,
    port,
    session: new BrowserSession(port),
  };
  server.on('request', (request, response) => {
    answer(request, response, context).catch((thrown: unknown) => {
      context.onProblem(thrown);
      if (!response.headersSent) sendText(response, 500, 'The request failed.');
      else response.destroy();
    });
  });
  return {
    port,
    newLink: () => `http://127.0.0.1:${port}/?token=${context.session.issueToken()}`,
    close: () => close(server),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
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
  const hosts = [`127.0.0.1:${context.port}`, `localhost:${context.port}`];
  const host = request.headers.host ?? '';
  // A foreign name that resolves to 127.0.0.1 (DNS rebinding) shows here.
  if (!hosts.includes(host)) return sendText(response, 403, 'This address is not served here.');
  const url = new URL(request.url ?? '/', `http://${host}`);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && url.pathname === '/' && url.searchParams.has('token')) {
    return admit(url.searchParams.get('token') ?? '', request, response, context);
  }
  if (!context.session.isKnown(request.headers.cookie)) return sendText(response, 403, noSession);
  if (request.method === 'POST') {
    if (request.headers.origin !== `http://${host}`)
      return sendText(response, 403, 'This page may not send requests here.');
    return answerPost(url.pathname, request, response, context);
  }
  if (!isRead) return sendText(response, 405, 'Only GET and POST are served here.', { Allow: 'GET, HEAD, POST' });
  return answerGet(url.pathname, request, response, context);
}

const newLinkHint = 'Press Enter in the terminal where Maskloop runs to get a new link.';
const noSession = `Open Maskloop with the link that it printed when it started. ${newLinkHint}`;

/** The printed link: its token is exchanged for the session cookie. */
function admit(token: string, request: IncomingMessage, response: ServerResponse, { session }: Context): void {
  // A reload of the link in the browser that used it must not lock its user out.
  const isKnown = session.isKnown(request.headers.cookie);
  const verdict = isKnown ? 'accepted' : session.redeem(token);
  switch (verdict) {
    case 'accepted':
      response.writeHead(303, {
        ...securityHeaders,
        Location: '/',
        ...(isKnown ? {} : { 'Set-Cookie': session.cookie }),
      });
      response.end();
      return;
    case 'used':
      return sendText(response, 403, `This link has been used already; each link opens Maskloop once. ${newLinkHint}`);
    case 'wrong':
      return sendText(response, 403, `This link does not belong to the running Maskloop. ${newLinkHint}`);
  }
}

async function answerGet(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  if (path === '/api/events') return streamEvents(response, context.services, context.heartbeatMs);
  if (path === '/api/call' || path === '/upload') return sendText(response, 405, 'Use POST.', { Allow: 'POST' });
  if (isVoxelPath(path)) {
    return sendBulk(request, response, await context.services.bulk.get(path));
  }
  const file = await openStaticFile(context.rendererFolder, path);
  if (!file) return sendText(response, 404, 'There is nothing at this address.');
  return sendBulk(request, response, { status: 200, ...file });
}

async function answerPost(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  if (path === '/api/call') return answerCall(request, response, context);
  if (path === '/upload') return answerUpload(request, response, context);
  return sendText(response, 404, 'There is nothing at this address.');
}

async function answerCall(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return sendRefusal(response, 415, 'the body must be application/json');
  }
  try {
    const call = await readCall(request, context.maxCallBytes);
    if (!call.ok) return sendJson(response, 400, call);
    sendJson(response, 200, await callService(context.services.handlers, call.value.name, call.value.input));
  } catch (thrown) {
    if (!(thrown instanceof PayloadTooLarge)) throw thrown;
    sendRefusal(response, 413, `the body exceeds ${context.maxCallBytes} bytes`);
  }
}

async function answerUpload(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const announcedBytes = request.headers['content-length'];
  // A Blob always announces its size; without it the limit could only be noticed on a full disk.
  if (announcedBytes === undefined) return sendUploadRefusal(response, 411, 'the body needs a Content-Length');
  if (Number(announcedBytes) > context.maxUploadBytes) {
    return sendUploadRefusal(response, 413, `the body exceeds ${context.maxUploadBytes} bytes`);
  }
  await sendBulk(request, response, await context.services.bulk.upload(request));
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

/** The rest of an unread body would be taken for the next request. */
const closeAfter = { Connection: 'close' };

function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(value));
}

function sendText(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  const extra = status >= 400 ? closeAfter : {};
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8', ...extra, ...headers });
  response.end(`${text}\n`);
}

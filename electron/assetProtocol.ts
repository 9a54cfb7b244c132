import { protocol } from 'electron';
import { Readable } from 'node:stream';
import { isVoxelPath } from '../main/contract/api.ts';
import { toAppError } from '../main/contract/errors.ts';
import { securityHeaders } from '../main/host/securityHeaders.ts';
import { openStaticFile } from '../main/host/staticFiles.ts';
import type { BulkAnswer, BulkPlane } from '../main/services/services.ts';
import { serveScheme, type AssetAnswer, type AssetRequest } from './platform.ts';

const scheme = 'app';
const host = 'maskloop';
export const startUrl = `${scheme}://${host}/`;

export function isOwnUrl(url: string): boolean {
  return url.startsWith(startUrl);
}

/** Must run before Electron is ready: makes `app://` a real origin with fetch, CSP and isolation. */
export function declareAssetScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, stream: true };
  protocol.registerSchemesAsPrivileged([{ scheme, privileges }]);
}

/** Serves the renderer bundle and the bulk plane, same origin, by the same paths as the Node host. */
export function serveAssets(rendererFolder: string, bulk: BulkPlane): void {
  serveScheme(scheme, async (request) => {
    try {
      return asAnswer(await answerTo(request, rendererFolder, bulk));
    } catch (thrown) {
      return asAnswer(textAnswer(500, JSON.stringify(toAppError(thrown)), 'application/json; charset=utf-8'));
    }
  });
}

async function answerTo(request: AssetRequest, rendererFolder: string, bulk: BulkPlane): Promise<BulkAnswer> {
  const { pathname, host: requestedHost } = new URL(request.url);
  if (requestedHost !== host) return textAnswer(404, 'There is nothing at this address.\n');
  if (request.method === 'POST') {
    if (pathname.startsWith('/journal/')) return bulk.append(pathname, request.body);
    return pathname === '/upload' ? bulk.upload(request.body) : textAnswer(404, 'There is nothing at this address.\n');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return textAnswer(405, 'Only GET and POST are served here.\n');
  if (isVoxelPath(pathname)) return bulk.get(pathname);
  const file = await openStaticFile(rendererFolder, pathname);
  return file ? { status: 200, ...file } : textAnswer(404, 'There is nothing at this address.\n');
}

function asAnswer({ status, contentType, contentLength, body }: BulkAnswer): AssetAnswer {
  const length: Record<string, string> = contentLength === null ? {} : { 'Content-Length': String(contentLength) };
  return { status, headers: { ...securityHeaders, 'Content-Type': contentType, ...length }, body };
}

function textAnswer(status: number, text: string, contentType = 'text/plain; charset=utf-8'): BulkAnswer {
  const bytes = Buffer.from(text);
  return { status, contentType, contentLength: bytes.length, body: Readable.from([bytes]) };
}

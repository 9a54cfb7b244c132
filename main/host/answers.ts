import type { ServerResponse } from 'node:http';
import { securityHeaders } from './securityHeaders.ts';

type Headers = Record<string, string>;

/** The rest of an unread body would be taken for the next request. */
export const closeAfter: Headers = { Connection: 'close' };

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: Headers = {}): void {
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(value));
}

export function sendText(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  const extra = status >= 400 ? closeAfter : {};
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8', ...extra, ...headers });
  response.end(`${text}\n`);
}

export function sendTo(response: ServerResponse, location: string, headers: Headers = {}): void {
  response.writeHead(303, { ...securityHeaders, Location: location, ...headers });
  response.end();
}

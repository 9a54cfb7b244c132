import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access, Visitor } from './access.ts';
import { sendText, sendTo } from './answers.ts';
import { BrowserSession } from './browserSession.ts';
import { FailureLimit } from './failureLimit.ts';

const newLinkHint = 'Press Enter in the terminal where Maskloop runs to get a new link.';
const owner: Visitor = { userName: null, role: 'admin', isStillIn: () => Promise.resolve(true) };

/** One person at this computer, let in by the link that the terminal printed. */
export class LinkAccess implements Access {
  readonly #session: BrowserSession;
  /** A token has 192 bits; this is for the peace of the processor. */
  readonly #limit = new FailureLimit(10, 60_000);

  constructor(port: number) {
    this.#session = new BrowserSession(port);
  }

  issueToken(): string {
    return this.#session.issueToken();
  }

  visitor(request: IncomingMessage): Promise<Visitor | null> {
    return Promise.resolve(this.#session.isKnown(request.headers.cookie) ? owner : null);
  }

  /** The token of the link is exchanged for the session cookie. */
  answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const token = url.searchParams.get('token');
    if (url.pathname !== '/' || token === null || (request.method !== 'GET' && request.method !== 'HEAD')) return Promise.resolve(false);
    // A reload of the link in the browser that used it must not lock its user out.
    if (this.#session.isKnown(request.headers.cookie)) sendTo(response, '/');
    else this.#admit(token, request.socket.remoteAddress ?? '', response);
    return Promise.resolve(true);
  }

  #admit(token: string, address: string, response: ServerResponse): void {
    const seconds = this.#limit.waitSeconds(address);
    if (seconds > 0) return sendText(response, 429, `Too many wrong links. Wait ${seconds} seconds.`, { 'Retry-After': String(seconds) });
    switch (this.#session.redeem(token)) {
      case 'accepted':
        this.#limit.succeeded(address);
        return sendTo(response, '/', { 'Set-Cookie': this.#session.cookie });
      case 'used':
        return sendText(response, 403, `This link has been used already; each link opens Maskloop once. ${newLinkHint}`);
      case 'wrong':
        this.#limit.failed(address);
        return sendText(response, 403, `This link does not belong to the running Maskloop. ${newLinkHint}`);
    }
  }

  refuse(_url: URL, _request: IncomingMessage, response: ServerResponse): void {
    sendText(response, 403, `Open Maskloop with the link that it printed when it started. ${newLinkHint}`);
  }
}

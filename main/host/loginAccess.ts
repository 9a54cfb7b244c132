import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KnownUser, UserBook } from '../services/userBook.ts';
import type { Access, Visitor } from './access.ts';
import { closeAfter, sendText, sendTo } from './answers.ts';
import { FailureLimit } from './failureLimit.ts';
import { loginPage, loginPageHeaders } from './loginPage.ts';
import { PayloadTooLarge, readBody } from './readCall.ts';

/** A session ends after an hour without a request, and in any case after a working day. */
const IDLE_MS = 60 * 60_000;
const LONGEST_MS = 12 * 60 * 60_000;
const MAX_FORM_BYTES = 4096;
const WINDOW_MS = 5 * 60_000;

interface Session {
  readonly user: KnownUser;
  readonly sinceMs: number;
  seenMs: number;
}

export interface LoginAccessOptions {
  readonly users: UserBook;
  readonly port: number;
  readonly isSecure: boolean;
  readonly nowMs?: () => number;
}

/** Several people with names and passwords. Sessions live in memory: a restart signs everybody out. */
export class LoginAccess implements Access {
  /** By the hash of the cookie, so that looking one up tells nothing by the clock. */
  readonly #sessions = new Map<string, Session>();
  readonly #users: UserBook;
  readonly #nowMs: () => number;
  readonly #cookieName: string;
  readonly #attributes: string;
  readonly #perPerson: FailureLimit;
  readonly #perAddress: FailureLimit;

  constructor({ users, port, isSecure, nowMs = Date.now }: LoginAccessOptions) {
    this.#users = users;
    this.#nowMs = nowMs;
    this.#cookieName = `${isSecure ? '__Host-' : ''}maskloop_user_${port}`;
    this.#attributes = `HttpOnly; SameSite=Strict; Path=/${isSecure ? '; Secure' : ''}`;
    this.#perPerson = new FailureLimit(5, WINDOW_MS, nowMs);
    this.#perAddress = new FailureLimit(30, WINDOW_MS, nowMs);
  }

  async visitor(request: IncomingMessage): Promise<Visitor | null> {
    const key = this.#keyOf(request);
    const session = key === null ? undefined : this.#sessions.get(key);
    if (!key || !session || !(await this.#isAlive(key, session))) return null;
    session.seenMs = this.#nowMs();
    const { name, role } = session.user;
    return { userName: name, role, isStillIn: async () => this.#sessions.get(key) === session && (await this.#isAlive(key, session)) };
  }

  async answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (url.pathname === '/logout' && request.method === 'POST') {
      const key = this.#keyOf(request);
      if (key) this.#sessions.delete(key);
      sendTo(response, '/login', { 'Set-Cookie': `${this.#cookieName}=; ${this.#attributes}; Max-Age=0`, 'Clear-Site-Data': '"cache", "storage"' });
      return true;
    }
    if (url.pathname !== '/login') return false;
    if (request.method === 'POST') await this.#signIn(request, response);
    else sendLogin(response, 200, null);
    return true;
  }

  refuse(url: URL, request: IncomingMessage, response: ServerResponse): void {
    // The program sends calls and wants an answer it understands; a person wants the form.
    if (request.method === 'GET' && (url.pathname === '/' || url.pathname === '/index.html')) sendTo(response, '/login');
    else sendText(response, 401, 'Sign in first.');
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await readForm(request);
    if (!form) return sendText(response, 400, 'This is not the form of the sign-in page.', closeAfter);
    const name = (form.get('name') ?? '').normalize('NFC').trim();
    const address = request.socket.remoteAddress ?? '';
    const person = `${address} ${name}`;
    const seconds = Math.max(this.#perPerson.waitSeconds(person), this.#perAddress.waitSeconds(address));
    if (seconds > 0)
      return sendLogin(response, 429, `Too many failed attempts. Try again in ${Math.ceil(seconds / 60)} minutes.`, { 'Retry-After': String(seconds) });
    const user = await this.#users.signIn(name, form.get('password') ?? '');
    if (!user) {
      this.#perPerson.failed(person);
      this.#perAddress.failed(address);
      return sendLogin(response, 403, 'The name or the password is not right.');
    }
    this.#perPerson.succeeded(person);
    const token = randomBytes(24).toString('base64url');
    const now = this.#nowMs();
    this.#sessions.set(hashOf(token), { user, sinceMs: now, seenMs: now });
    sendTo(response, '/', { 'Set-Cookie': `${this.#cookieName}=${token}; ${this.#attributes}` });
  }

  async #isAlive(key: string, { user, sinceMs, seenMs }: Session): Promise<boolean> {
    const now = this.#nowMs();
    const isRecent = now - seenMs < IDLE_MS && now - sinceMs < LONGEST_MS;
    const isSame = isRecent && (await this.#users.find(user.name))?.stamp === user.stamp;
    if (!isSame) this.#sessions.delete(key);
    return isSame;
  }

  #keyOf({ headers }: IncomingMessage): string | null {
    const prefix = `${this.#cookieName}=`;
    const cookie = (headers.cookie ?? '')
      .split(';')
      .map((part) => part.trim())
      .find((part) => part.startsWith(prefix));
    return cookie ? hashOf(cookie.slice(prefix.length)) : null;
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) return null;
  try {
    return new URLSearchParams((await readBody(request, MAX_FORM_BYTES)).toString('utf8'));
  } catch (thrown) {
    if (thrown instanceof PayloadTooLarge) return null;
    throw thrown;
  }
}

function sendLogin(response: ServerResponse, status: number, problem: string | null, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...loginPageHeaders, ...(status >= 400 ? closeAfter : {}), ...headers });
  response.end(loginPage(problem));
}

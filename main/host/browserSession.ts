import { randomBytes, timingSafeEqual } from 'node:crypto';

export type TokenVerdict = 'accepted' | 'used' | 'wrong';

/**
 * Who may talk to the Node host: the one browser that opened the printed link. The link's token works once and is
 * exchanged for a cookie that scripts cannot read and other sites cannot send.
 */
export class BrowserSession {
  readonly #secret = newSecret();
  #openToken: string | null = null;
  readonly #usedTokens = new Set<string>();

  /** Cookies are shared between all ports of a host, so the name carries the port. */
  constructor(private readonly port: number) {}

  /** A token for a new link. An older link that was not used yet stops working. */
  issueToken(): string {
    if (this.#openToken !== null) this.#usedTokens.add(this.#openToken);
    this.#openToken = newSecret();
    return this.#openToken;
  }

  redeem(token: string): TokenVerdict {
    if (this.#openToken !== null && isSame(token, this.#openToken)) {
      this.#usedTokens.add(this.#openToken);
      this.#openToken = null;
      return 'accepted';
    }
    return this.#usedTokens.has(token) ? 'used' : 'wrong';
  }

  /** Value of `Set-Cookie`; without an expiry, so it ends with the browser. */
  get cookie(): string {
    return `${this.#cookieName}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`;
  }

  isKnown(cookieHeader: string | undefined): boolean {
    const cookies = (cookieHeader ?? '').split(';').map((cookie) => cookie.trim());
    const prefix = `${this.#cookieName}=`;
    return cookies.some((cookie) => cookie.startsWith(prefix) && isSame(cookie.slice(prefix.length), this.#secret));
  }

  get #cookieName(): string {
    return `maskloop_session_${this.port}`;
  }
}

const newSecret = (): string => randomBytes(24).toString('base64url');

/** Constant time for equal lengths. */
function isSame(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Role } from '../contract/roles.ts';

export interface Visitor {
  /** `null`: the user of this computer. */
  readonly userName: string | null;
  readonly role: Role;
  /** False once the visitor signed out, was removed or stayed away too long. */
  isStillIn(): Promise<boolean>;
}

/** How somebody gets in. */
export interface Access {
  /** Who sends this request; `null` for strangers. */
  visitor(request: IncomingMessage): Promise<Visitor | null>;
  /** Answers what belongs to coming and going (a link, a form); true when it did. The Host was checked, a POST's Origin too. */
  answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Answers a stranger who wants anything else. */
  refuse(url: URL, request: IncomingMessage, response: ServerResponse): void;
}

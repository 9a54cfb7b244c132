import { userInfo } from 'node:os';

/** Author of saved masks. Containers may run under a user id without a name; `userInfo` throws there. */
export function currentUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? process.env.USERNAME ?? 'unknown';
  }
}

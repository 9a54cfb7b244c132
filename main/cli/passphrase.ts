/** Passphrases of encrypted projects: from a file or the terminal, never from the command line, which every user of the machine can read. */
import { readFileSync } from 'node:fs';
import { AppException } from '../contract/errors.ts';
import { SHORTEST_PASSPHRASE } from '../contract/projectAccess.ts';
import { readPassword } from './readPassword.ts';

export const PASSPHRASE_FILE = 'MASKLOOP_PASSPHRASE_FILE';
export const NEW_PASSPHRASE_FILE = 'MASKLOOP_NEW_PASSPHRASE_FILE';
const STANDARD_INPUT = 0;

/** The first line of the file that the variable names; `-` is standard input. `undefined`: there is none. */
function fromFile(variable: string): string | undefined {
  const path = process.env[variable];
  if (path === undefined || path === '') return undefined;
  return readFileSync(path === '-' ? STANDARD_INPUT : path, 'utf8').split(/\r?\n/, 1)[0];
}

/** What `open` gives; with the passphrase where it needs one. Throws project/passphrase-needed where nobody can be asked. */
export async function withPassphrase<T>(open: (passphrase: string | undefined) => Promise<T>): Promise<T> {
  try {
    return await open(undefined);
  } catch (thrown) {
    if (!(thrown instanceof AppException) || thrown.error.code !== 'project/passphrase-needed') throw thrown;
    const passphrase = fromFile(PASSPHRASE_FILE) ?? (await readPassword(`Passphrase of ${thrown.error.path}: `));
    if (passphrase === null) throw thrown;
    return open(passphrase);
  }
}

/** Asked for twice in a terminal. Throws contract/bad-input for one that is too short, or mistyped. */
export async function newPassphrase(variable: string): Promise<string> {
  const refuse = (issue: string): never => {
    throw new AppException({ code: 'contract/bad-input', issues: [issue] });
  };
  const given = fromFile(variable);
  const passphrase = given ?? (await readPassword(`New passphrase (at least ${SHORTEST_PASSPHRASE} characters; whoever loses it has lost the project): `));
  if (passphrase === null) return refuse(`there is no terminal to ask for a passphrase: name a file with ${variable}`);
  if (passphrase.length < SHORTEST_PASSPHRASE) return refuse(`the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters`);
  if (given === undefined && (await readPassword('Once more: ')) !== passphrase) return refuse('the two passphrases differ');
  return passphrase;
}

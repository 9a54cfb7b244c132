import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** Asks in the terminal and shows nothing of what is typed; `null` where there is no terminal. */
export async function readPassword(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve) => asking.question('', resolve));
  } finally {
    asking.close();
    process.stderr.write('\n');
  }
}

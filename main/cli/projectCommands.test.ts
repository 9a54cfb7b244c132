import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCommandLine } from './commandLine.ts';
import { exitCodes } from './exitCodes.ts';

const OLD = 'the first passphrase';
const NEW = 'the second passphrase';
let root: string;
let folder: string;
let printed = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-project-command-'));
  folder = join(root, 'project');
  writeFileSync(join(root, 'old.txt'), `${OLD}\n`);
  writeFileSync(join(root, 'new.txt'), `${NEW}\r\n`);
  vi.stubEnv('MASKLOOP_STATE', join(root, 'state'));
  const capture = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(capture);
  vi.spyOn(process.stderr, 'write').mockImplementation(capture);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
  rmSync(root, { recursive: true, force: true });
});

/** Exit code and what was printed; the files are those that hold the passphrases. */
async function run(words: string[], passphraseFile?: string, newPassphraseFile?: string): Promise<{ exitCode: unknown; text: string }> {
  vi.stubEnv('MASKLOOP_PASSPHRASE_FILE', passphraseFile && join(root, passphraseFile)).stubEnv(
    'MASKLOOP_NEW_PASSPHRASE_FILE',
    newPassphraseFile && join(root, newPassphraseFile),
  );
  printed = '';
  await createCommandLine({ version: '1.2.3', computeScript: '/none/compute.cjs', rendererFolder: '/none' }).parseAsync(words, { from: 'user' });
  const { exitCode } = process;
  process.exitCode = undefined;
  expect(printed).not.toContain(OLD);
  expect(printed).not.toContain(NEW);
  return { exitCode, text: printed };
}
const cases = (passphraseFile?: string, dir = folder): Promise<{ exitCode: unknown; text: string }> => run(['cases', '--project', dir], passphraseFile);

/** Who did what to a passphrase, from the trail as it is exported; the export must not hold one. */
async function passphraseEntries(dir: string, passphraseFile?: string): Promise<unknown[]> {
  const file = join(root, 'trail.jsonl');
  expect(await run(['audit', 'export', '--project', dir, '--output', file], passphraseFile)).toMatchObject({ exitCode: exitCodes.ok });
  const text = readFileSync(file, 'utf8');
  expect([OLD, NEW].filter((secret) => text.includes(secret))).toEqual([]);
  const entries = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { actor: string; action: string; facts: unknown });
  return entries.filter(({ action }) => action === 'passphrase').map(({ actor, facts }) => [actor, facts]);
}

describe('maskloop project', () => {
  it('makes an encrypted project that every command opens with its passphrase, and gives it another', async () => {
    expect(await run(['project', 'create', folder, '--encrypt'], 'old.txt')).toMatchObject({ exitCode: exitCodes.ok });
    expect(existsSync(join(folder, 'encryption.json'))).toBe(true);
    expect(await cases('old.txt')).toMatchObject({ exitCode: exitCodes.ok });
    expect((await cases('new.txt')).text).toContain('not the passphrase');
    expect((await cases()).text).toContain('is encrypted');
    expect(await run(['project', 'passphrase', folder], 'old.txt', 'new.txt')).toMatchObject({ exitCode: exitCodes.ok });
    expect((await cases('old.txt')).text).toContain('not the passphrase');
    expect(await cases('new.txt')).toMatchObject({ exitCode: exitCodes.ok });
    expect(await passphraseEntries(folder, 'new.txt')).toEqual([
      [userInfo().username, { passphrase: 'set' }],
      [userInfo().username, { passphrase: 'changed' }],
    ]);
  });

  it('copies a project encrypted and open, and leaves the original as it was', async () => {
    await run(['project', 'create', folder, '--name', 'LIVERSTUDY']);
    writeFileSync(join(folder, 'notes.txt'), 'my own');
    const before = readdirSync(folder).filter((name) => !name.startsWith('maskloop.db-'));
    const [sealed, opened] = [join(root, 'sealed'), join(root, 'opened')];
    const copied = await run(['project', 'encrypt', folder, '--into', sealed], 'old.txt');
    expect(copied.text).toContain('Not copied: notes.txt');
    expect(readdirSync(folder).filter((name) => !name.startsWith('maskloop.db-') && name !== 'backups')).toEqual(before);
    expect(readFileSync(join(sealed, 'maskloop.db')).includes('LIVERSTUDY')).toBe(false);
    expect((await run(['project', 'decrypt', sealed, '--into', opened], 'new.txt')).text).toContain('not the passphrase');
    expect(existsSync(opened)).toBe(false);
    expect(await run(['project', 'decrypt', sealed, '--into', opened], 'old.txt')).toMatchObject({ exitCode: exitCodes.ok });
    expect(readFileSync(join(opened, 'maskloop.db')).includes('LIVERSTUDY')).toBe(true);
    expect((await run(['project', 'encrypt', sealed, '--into', join(root, 'x')], 'old.txt')).text).toContain('encrypted already');
    expect((await run(['project', 'decrypt', opened, '--into', join(root, 'x')])).text).toContain('not encrypted');
    const author = userInfo().username;
    const [set, removed] = [
      [author, { passphrase: 'set', copiedInto: sealed }],
      [author, { passphrase: 'removed', copiedInto: opened }],
    ];
    expect(await passphraseEntries(folder)).toEqual([set]);
    expect(await passphraseEntries(sealed, 'old.txt')).toEqual([set, removed]);
    expect(await passphraseEntries(opened)).toEqual([set, removed]);
    expect((await run(['audit', 'verify', '--project', opened])).exitCode).toBe(exitCodes.ok);
  });

  it('refuses a passphrase that is too short, or that nobody can be asked for', async () => {
    writeFileSync(join(root, 'short.txt'), 'short');
    expect((await run(['project', 'create', folder, '--encrypt'], 'short.txt')).text).toContain('fewer than 8');
    expect((await run(['project', 'create', folder, '--encrypt'])).text).toContain('MASKLOOP_PASSPHRASE_FILE');
    expect(existsSync(folder)).toBe(false);
  });
});

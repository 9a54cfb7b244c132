import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AppError, toAppError } from '../../contract/errors.ts';
import { openVaults } from '../../vault/keyring.ts';
import { Database } from '../database.ts';
import { ProjectFolder } from '../projectFolder.ts';
import { createProject, openProject, type ProjectStore, viewProject } from '../projectStore.ts';
import { checkSeals, unsealPages } from './databaseSeals.ts';
import { keysOf, newProjectKey, unlock, writeKeyFile } from './keyFile.ts';

const PASSPHRASE = 'correct horse 電池 staple';
let root: string;
let folder: string;
let store: ProjectStore | null = null;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maskloop-encrypted-'));
  folder = join(root, 'project');
});
afterEach(() => {
  store?.close();
  store = null;
  rmSync(root, { recursive: true, force: true });
});

async function errorOf(work: () => unknown): Promise<AppError | null> {
  try {
    await work();
    return null;
  } catch (thrown) {
    return toAppError(thrown);
  }
}
const codeOf = async (work: () => unknown): Promise<string> => (await errorOf(work))?.code ?? 'no error';
const create = (passphrase?: string): Promise<ProjectStore> => createProject(folder, 'LIVERSTUDY', 1000, undefined, passphrase);
const open = (passphrase?: string): Promise<ProjectStore> => openProject(folder, 2000, undefined, true, passphrase);

function note(project: ProjectStore, count = 1): void {
  for (let n = 0; n < count; n++) project.audit.append({ actor: 'DOE^JANE', action: 'legend', facts: { n, text: 'x'.repeat(500) } });
}

describe('an encrypted project', () => {
  it('opens with its passphrase alone, and nothing of it can be read', async () => {
    store = await create(PASSPHRASE);
    note(store);
    store.close();
    expect(openVaults()).toEqual([]);
    for (const name of readdirSync(folder)) {
      if (!statSync(join(folder, name)).isFile()) continue;
      const bytes = readFileSync(join(folder, name));
      expect([name, bytes.includes('DOE^JANE'), bytes.includes('LIVERSTUDY'), name.startsWith('maskloop.db') && bytes.includes('SQLite format')]).toEqual([
        name,
        false,
        false,
        false,
      ]);
    }
    expect(await codeOf(() => open())).toBe('project/passphrase-needed');
    expect(await codeOf(() => open('correct horse'))).toBe('project/wrong-passphrase');
    expect(await codeOf(() => viewProject(folder, { reason: 'inUse', holder: null }))).toBe('project/passphrase-needed');
    store = await open(PASSPHRASE.normalize('NFD'));
    expect(store.project.name).toBe('LIVERSTUDY');
    expect([...store.audit.entries()].some(({ actor }) => actor === 'DOE^JANE')).toBe(true);
    expect(store.isEncrypted).toBe(true);
  });

  it('is looked at while somebody works on it, and the copy is encrypted too', async () => {
    store = await create(PASSPHRASE);
    note(store);
    const guest = await viewProject(folder, { reason: 'inUse', holder: null }, 3000, PASSPHRASE);
    expect([...guest.audit.entries()].some(({ actor }) => actor === 'DOE^JANE')).toBe(true);
    const copies = readdirSync(tmpdir()).filter((name) => name.startsWith(`maskloop-view-${process.pid}-`));
    expect(copies.length).toBeGreaterThan(0);
    for (const copy of copies) expect(readFileSync(join(tmpdir(), copy, 'maskloop.db')).includes('SQLite format')).toBe(false);
    guest.close();
    note(store);
  });

  it('gets a new passphrase without being written anew', async () => {
    (await create(PASSPHRASE)).close();
    const before = readFileSync(join(folder, 'maskloop.db'));
    const projectFolder = new ProjectFolder(folder);
    await writeKeyFile(projectFolder, (await unlock(projectFolder, PASSPHRASE))!, 'another one');
    expect(readFileSync(join(folder, 'maskloop.db')).equals(before)).toBe(true);
    expect(await codeOf(() => open(PASSPHRASE))).toBe('project/wrong-passphrase');
    copyFileSync(join(folder, 'backups', 'encryption.json'), join(folder, 'encryption.json'));
    store = await open('another one');
  });

  it('is not made over the key of cases whose database is gone', async () => {
    (await create(PASSPHRASE)).close();
    rmSync(join(folder, 'maskloop.db'));
    writeFileSync(join(folder, 'cases', 'a'), 'sealed');
    expect(await codeOf(() => create())).toBe('project/already-exists');
    expect(await codeOf(() => create('other phrase'))).toBe('project/already-exists');
    rmSync(join(folder, 'cases', 'a'));
    store = await create();
    expect(store.isEncrypted).toBe(false);
  });
});

describe('the key file', () => {
  it('tells damage from a wrong passphrase, wherever a bit is flipped', async () => {
    (await create(PASSPHRASE)).close();
    const projectFolder = new ProjectFolder(folder);
    const whole = readFileSync(projectFolder.keyFile);
    for (let bit = 0; bit < whole.length * 8; bit += 5) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(projectFolder.keyFile, bytes);
      const code = await codeOf(() => unlock(projectFolder, undefined));
      // white space may change, and then nothing is lost
      const isSame = (() => {
        try {
          return JSON.stringify(JSON.parse(bytes.toString())) === JSON.stringify(JSON.parse(whole.toString()));
        } catch {
          return false;
        }
      })();
      expect(code, `bit ${bit}`).toBe(isSame ? 'project/passphrase-needed' : 'disk/corrupt');
    }
  });
});

describe('the pages of an encrypted database', () => {
  const keys = keysOf(newProjectKey());
  let file: string;
  let whole: Map<string, Buffer>;
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'maskloop-pages-'));
    file = join(dir, 'a.db');
    const database = new Database(file, keys);
    database.exec('CREATE TABLE t (a TEXT)');
    database.useLog();
    for (let n = 0; n < 300; n++) database.run('INSERT INTO t VALUES (:a)', { a: `row ${n} ${'y'.repeat(200)}` });
    database.close();
    whole = new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const restore = (): string => {
    const place = mkdtempSync(join(root, 'copy-'));
    for (const [name, bytes] of whole) writeFileSync(join(place, name), bytes);
    return join(place, 'a.db');
  };
  const rowsOf = (database: Database): number => database.rowCounts().t!;

  it('are whole after closing', () => {
    const database = new Database(restore(), keys);
    expect(rowsOf(database)).toBe(300);
    database.close();
  });

  it('tell a flipped bit on any of them', async () => {
    const bytes = whole.get('a.db')!;
    for (let at = 0; at < bytes.length; at += at < 120 ? 1 : 487) {
      const copy = restore();
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(copy, changed);
      expect(await codeOf(() => new Database(copy, keys)), `byte ${at}`).toBe('disk/corrupt');
      rmSync(join(copy, '..'), { recursive: true });
    }
  });

  it('tell flipped bits of their seals, seals that are gone, pages that are swapped or cut off', async () => {
    const bytes = whole.get('a.db')!;
    const seals = whole.get('a.db.seals')!;
    for (let at = 0; at < seals.length; at += 7) {
      const copy = restore();
      const changed = Buffer.from(seals);
      changed[at]! ^= 16;
      writeFileSync(`${copy}.seals`, changed);
      expect(await codeOf(() => new Database(copy, keys)), `seal byte ${at}`).toBe('disk/corrupt');
      rmSync(join(copy, '..'), { recursive: true });
    }
    const page = (n: number): Buffer => bytes.subarray(n * 4096, (n + 1) * 4096);
    const variants = {
      cut: bytes.subarray(0, bytes.length - 4096),
      torn: bytes.subarray(0, bytes.length - 5),
      swapped: Buffer.concat([bytes.subarray(0, 4096 * 3), page(4), page(3), bytes.subarray(4096 * 5)]),
      longer: Buffer.concat([bytes, page(2)]),
    };
    for (const [what, changed] of Object.entries(variants)) {
      const copy = restore();
      writeFileSync(copy, changed);
      expect(await codeOf(() => new Database(copy, keys)), what).toBe('disk/corrupt');
    }
    const copy = restore();
    rmSync(`${copy}.seals`);
    expect(await codeOf(() => new Database(copy, keys))).toBe('disk/corrupt');
    expect(await codeOf(() => new Database(restore(), keysOf(newProjectKey())))).toBe('disk/corrupt');
  });

  it('of a backup are sealed too, and it can be put in the place of the database', () => {
    const copy = restore();
    const database = new Database(copy, keys);
    database.copyInto(`${copy}.new`, join(root, 'backup.db'));
    copyFileSync(`${copy}.new`, join(root, 'backup.db'));
    database.close();
    const restored = new Database(join(root, 'backup.db'), keys);
    restored.useLog();
    restored.run("INSERT INTO t VALUES ('after')");
    restored.close();
    const again = new Database(join(root, 'backup.db'), keys);
    expect(rowsOf(again)).toBe(301);
    again.close();
  });

  it('are taken as they are where a kill came between folding and sealing, and the others are checked all the same', async () => {
    const copy = restore();
    unsealPages(copy, keys.databaseSeals, checkSeals(copy, keys.databaseSeals), new Set([2, 3]));
    const bytes = readFileSync(copy);
    bytes[4096 * 5 + 100]! ^= 1;
    writeFileSync(copy, bytes);
    expect(await codeOf(() => new Database(copy, keys))).toBe('disk/corrupt');
    bytes[4096 * 5 + 100]! ^= 1;
    writeFileSync(copy, bytes);
    const database = new Database(copy, keys);
    database.run("INSERT INTO t VALUES ('sealed again')");
    database.close();
    expect(() => checkSeals(copy, keys.databaseSeals)).not.toThrow();
    expect(checkSeals(copy, keys.databaseSeals).seals.filter((seal) => seal.every((byte) => byte === 0))).toEqual([]);
  });

  /** What a killed program leaves: a child that dies without closing. */
  function killedAfterWriting(copy: string, rows: number): void {
    const script = join(root, 'write.cjs');
    const source = `import { Database } from ${JSON.stringify(join(import.meta.dirname, '..', 'database.ts'))};
       const keys = { database: ${JSON.stringify(keys.database)}, databaseSeals: Buffer.from(${JSON.stringify(Buffer.from(keys.databaseSeals).toString('hex'))}, 'hex') };
       const database = new Database(${JSON.stringify(copy)}, keys);
       database.exec('PRAGMA synchronous = FULL');
       for (let n = 0; n < ${rows}; n++) database.transaction(() => database.run('INSERT INTO t VALUES (:a)', { a: 'killed ' + n + 'z'.repeat(300) }));
       process.kill(process.pid, 'SIGKILL');`;
    buildSync({
      stdin: { contents: source, resolveDir: import.meta.dirname },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: ['libsql'],
      logLevel: 'silent',
    });
    try {
      execFileSync(process.execPath, [script], { stdio: 'pipe', env: { ...process.env, NODE_PATH: join(import.meta.dirname, '../../../node_modules') } });
    } catch (thrown) {
      if ((thrown as { signal?: string }).signal !== 'SIGKILL') throw thrown;
    }
  }

  it('are whole after a kill, also one amid a log that was folded on the way', () => {
    for (const rows of [1, 50, 1500]) {
      const copy = restore();
      killedAfterWriting(copy, rows);
      expect(statSync(`${copy}-wal`).size).toBeGreaterThan(0);
      const database = new Database(copy, keys);
      expect(rowsOf(database)).toBe(300 + rows);
      database.close();
      expect(statSync(`${copy}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    }
  }, 60_000);

  it('are whole for a program that had the database open before another one was killed on it', () => {
    const copy = restore();
    const before = new Database(copy, keys);
    expect(rowsOf(before)).toBe(300);
    before.close(); // libsql keeps a connection behind it
    killedAfterWriting(copy, 1);
    killedAfterWriting(copy, 2);
    const after = new Database(copy, keys);
    expect(rowsOf(after)).toBe(303);
    after.close();
  }, 60_000);

  it('tell a flipped bit in the log that a kill left; in its last transaction it is as if that had not come', async () => {
    const copy = restore();
    killedAfterWriting(copy, 20);
    const log = readFileSync(`${copy}-wal`);
    const files = new Map(readdirSync(join(copy, '..')).map((name) => [name, readFileSync(join(copy, '..', name))]));
    const lastFrame = log.length - (4096 + 24) * 3;
    for (let at = 0; at < log.length; at += at < 64 ? 1 : 1013) {
      const place = mkdtempSync(join(root, 'log-'));
      for (const [name, bytes] of files) if (!name.endsWith('-shm')) writeFileSync(join(place, name), bytes);
      const changed = Buffer.from(log);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(join(place, 'a.db-wal'), changed);
      let rows = -1;
      const code = await codeOf(() => {
        const database = new Database(join(place, 'a.db'), keys);
        rows = rowsOf(database);
        database.close();
      });
      if (code === 'disk/corrupt') {
        // nor does it pass when SQLite has tidied the log away
        rmSync(join(place, 'a.db-wal'), { force: true });
        expect(await codeOf(() => new Database(join(place, 'a.db'), keys)), `byte ${at} again`).toBe('disk/corrupt');
        rmSync(place, { recursive: true });
        continue;
      }
      expect([code, rows >= 319, at >= lastFrame || rows === 320], `byte ${at}: ${rows} rows`).toEqual(['no error', true, true]);
      rmSync(place, { recursive: true });
    }
  }, 60_000);
});

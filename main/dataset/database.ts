/** The only file that speaks SQLite's API: rows are checked with zod on the way out, errors become `AppException`s. */
import SqliteDatabase from 'libsql';
import { z } from 'zod';
import { existsSync, statSync } from 'node:fs';
import { AppException } from '../contract/errors.ts';
import { keepHandle } from './databaseBytes.ts';
import {
  checkSeals,
  logPages,
  type Pages,
  pagesInLog,
  requireNoDamagedLog,
  requireWholeLog,
  sealCopy,
  sealPages,
  unsealPages,
} from './encryption/databaseSeals.ts';
import type { ProjectKeys } from './encryption/keyFile.ts';

export type Parameters = Readonly<Record<string, string | number | null>>;
type Statement = ReturnType<InstanceType<typeof SqliteDatabase>['prepare']>;

/** A column that holds JSON of the given shape. */
export const jsonColumn = <S extends z.ZodType>(shape: S) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(shape);

const ErrorFacts = z.object({ code: z.string(), message: z.string() });

/** SQLite's result codes as our errors: https://sqlite.org/rescode.html. What is no known trouble of the disk stays as it is. */
function asAppException(thrown: unknown, file: string): unknown {
  const facts = ErrorFacts.safeParse(thrown);
  if (!facts.success) return thrown;
  const { code, message } = facts.data;
  // SHMSIZE: the index of the write-ahead log could not grow.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') return new AppException({ code: 'disk/full', path: file });
  // IOERR: the disk, or the network it lies on, failed.
  if (code === 'SQLITE_READONLY' || code === 'SQLITE_PERM' || code === 'SQLITE_CANTOPEN' || code.startsWith('SQLITE_IOERR'))
    return new AppException({ code: 'disk/denied', path: file, detail: message });
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') return new AppException({ code: 'disk/corrupt', path: file, detail: message });
  return thrown;
}

export type DatabaseKeys = Pick<ProjectKeys, 'database' | 'databaseSeals'>;

/** SQLite folds its log by itself at about this size; of an encrypted database we do. */
const FOLD_AT_BYTES = 4 * 2 ** 20;
const Folding = z.object({ busy: z.number(), log: z.number() });

/** libsql's types do not know these two. */
const encryptedWith = ({ database }: DatabaseKeys): object => ({ encryptionCipher: 'aes256cbc', encryptionKey: database });

/** Encrypted ones that are open. SQLite folds the log of what is open when the process ends, and nobody would seal the pages. */
const openEncrypted = new Set<Database>();
const keptOpen: InstanceType<typeof SqliteDatabase>[] = [];
process.on('exit', () => openEncrypted.forEach((database) => database.close()));

/** One connection. All calls are synchronous and short; nothing here loops over voxels. */
export class Database {
  readonly #sqlite: InstanceType<typeof SqliteDatabase>;
  readonly #statements = new Map<string, Statement>();
  #depth = 0;
  /** Of an encrypted database as it was last folded; `null`: one that is being made. */
  #pages: Pages | null = null;

  /** Opens or creates `file`; with `keys` an encrypted one, every page of which is checked. Throws AppException disk/denied, disk/corrupt. */
  constructor(
    readonly file: string,
    readonly keys: DatabaseKeys | null = null,
  ) {
    if (keys && existsSync(file)) {
      requireNoDamagedLog(file);
      this.#pages = checkSeals(file, keys.databaseSeals);
    }
    try {
      keepHandle(file);
      this.#sqlite = new SqliteDatabase(file, keys ? encryptedWith(keys) : undefined);
    } catch (thrown) {
      // of the file, or of libsql, which reports it without a result code
      throw new AppException({ code: 'disk/denied', path: file, detail: String(thrown) });
    }
    if (!keys) return;
    try {
      // what does not fit into memory would lie readable in a temporary file
      this.exec('PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0');
      if (this.#pages) this.foldLog();
      openEncrypted.add(this);
    } catch (thrown) {
      this.#sqlite.close();
      throw thrown;
    }
  }

  /** Writes a database that nobody has open under other keys; `null`: open. Not to be interrupted: for copies. */
  static changeKeys(file: string, from: DatabaseKeys | null, to: DatabaseKeys | null): void {
    const sqlite = new SqliteDatabase(file, from ? encryptedWith(from) : undefined);
    // its journal would lie readable beside it
    sqlite.exec(`PRAGMA journal_mode = MEMORY; PRAGMA rekey = '${to?.database ?? ''}'`);
    sqlite.close();
    if (to) sealPages(file, to.databaseSeals, null);
  }

  /** Several statements without parameters. */
  exec(sql: string): void {
    this.#guard(() => this.#sqlite.exec(sql));
  }

  run(sql: string, parameters: Parameters = {}): void {
    this.#guard(() => this.#statement(sql).run(parameters));
  }

  get<S extends z.ZodType>(row: S, sql: string, parameters: Parameters = {}): z.output<S> | undefined {
    const raw = this.#guard(() => this.#statement(sql).get(parameters));
    return raw === undefined ? undefined : row.parse(raw);
  }

  all<S extends z.ZodType>(row: S, sql: string, parameters: Parameters = {}): z.output<S>[] {
    return this.#guard(() => this.#statement(sql).all(parameters)).map((raw) => row.parse(raw));
  }

  pragmaNumber(name: 'user_version' | 'application_id'): number {
    const row = this.get(z.record(z.string(), z.unknown()), `PRAGMA ${name}`);
    return z.number().parse(row?.[name]);
  }

  /** By SQLite's own check: https://sqlite.org/pragma.html#pragma_integrity_check. */
  damage(): string[] {
    const rows = this.all(z.object({ integrity_check: z.string() }), 'PRAGMA integrity_check').map((row) => row.integrity_check);
    const pointers = this.all(z.object({ table: z.string() }), 'PRAGMA foreign_key_check').map(({ table }) => `a row of ${table} points at nothing`);
    return [...rows.filter((text) => text !== 'ok'), ...pointers];
  }

  /** A whole, consistent copy, written in one transaction; sealed where this is encrypted. `name`: what it will be renamed to. */
  copyInto(copy: string, name: string): void {
    this.run('VACUUM INTO :copy', { copy });
    if (this.keys) sealCopy(copy, name, this.keys.databaseSeals);
  }

  /** Of every table. */
  rowCounts(): Record<string, number> {
    const names = this.all(z.object({ name: z.string() }), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name");
    return Object.fromEntries(names.map(({ name }) => [name, this.get(z.object({ n: z.number() }), `SELECT count(*) AS n FROM "${name}"`)?.n ?? 0]));
  }

  /** Commits what `work` wrote, or nothing of it. A transaction inside another becomes part of it. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.exec('BEGIN IMMEDIATE');
    this.#depth++;
    try {
      const result = work();
      this.exec('COMMIT');
      this.#foldLargeLog();
      return result;
    } catch (thrown) {
      // A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the reason.
      if (this.#sqlite.inTransaction) this.exec('ROLLBACK');
      throw thrown;
    } finally {
      this.#depth--;
    }
  }

  /**
   * Brings everything from the write-ahead log into the database file, so that the file alone is the whole: libsql keeps a
   * connection with prepared statements open behind `close` until they are collected, and leaves the log as it is.
   * Throws AppException disk/corrupt for a log that is damaged.
   */
  foldLog(): void {
    if (this.keys) this.#foldSealed(this.keys);
    else this.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** From now on changes go into a write-ahead log. A database remembers it; one that is new, or was a backup, does not yet. */
  useLog(): void {
    const isNew = this.get(z.object({ journal_mode: z.string() }), 'PRAGMA journal_mode')?.journal_mode !== 'wal';
    if (!this.keys || !isNew || !this.#pages) return this.exec('PRAGMA journal_mode = WAL');
    // it stands on the first page
    this.#pages = unsealPages(this.file, this.keys.databaseSeals, this.#pages, new Set([1]));
    this.exec('PRAGMA journal_mode = WAL');
    this.#pages = sealPages(this.file, this.keys.databaseSeals, this.#pages);
  }

  /** What SQLite will write is not sealed before it does, and is when it has: see `encryption/databaseSeals.ts`. */
  #foldSealed({ databaseSeals }: DatabaseKeys): void {
    const log = logPages(this.file);
    const numbers = pagesInLog(log);
    if (this.#pages && numbers.size > 0) this.#pages = unsealPages(this.file, databaseSeals, this.#pages, numbers);
    const folding = this.get(Folding, 'PRAGMA wal_checkpoint(FULL)');
    if (!folding || folding.busy !== 0) return;
    requireWholeLog(this.file, log, folding.log);
    if (numbers.size > 0 || !this.#pages) this.#pages = sealPages(this.file, databaseSeals, this.#pages);
    this.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** What fails here is tried again after the next transaction; what was committed is safe. */
  #foldLargeLog(): void {
    if (!this.keys || !existsSync(`${this.file}-wal`) || statSync(`${this.file}-wal`).size <= FOLD_AT_BYTES) return;
    try {
      this.foldLog();
    } catch (thrown) {
      console.error('folding the log of the database:', thrown);
    }
  }

  close(): void {
    if (this.keys) {
      if (!openEncrypted.delete(this)) return;
      try {
        this.foldLog();
      } catch (thrown) {
        // Closing would fold without sealing. Left open, the log stays as it is and is read at the next opening.
        console.error('closing the database:', thrown);
        keptOpen.push(this.#sqlite);
        return;
      }
    }
    this.#statements.clear();
    this.#sqlite.close();
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw asAppException(thrown, this.file);
    }
  }
}

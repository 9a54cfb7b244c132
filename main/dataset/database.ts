/** The only file that speaks SQLite's API: rows are checked with zod on the way out, errors become `AppException`s. */
import SqliteDatabase from 'libsql';
import { z } from 'zod';
import { AppException } from '../contract/errors.ts';

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
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new AppException({ code: 'disk/corrupt', path: file, detail: message });
  return thrown;
}

/** One connection. All calls are synchronous and short; nothing here loops over voxels. */
export class Database {
  readonly #sqlite: InstanceType<typeof SqliteDatabase>;
  readonly #statements = new Map<string, Statement>();
  #depth = 0;

  /** Opens or creates `file`. Throws AppException disk/denied, disk/corrupt. */
  constructor(readonly file: string) {
    try {
      this.#sqlite = new SqliteDatabase(file);
    } catch (thrown) {
      // libsql reports a failed open without a result code.
      throw new AppException({ code: 'disk/denied', path: file, detail: String(thrown) });
    }
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
   */
  foldLog(): void {
    this.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
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

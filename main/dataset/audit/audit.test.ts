/** The audit trail: every change of it is noticed, except those that the documentation says cannot be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../contract/audit.ts';
import { Database } from '../database.ts';
import { migrate } from '../migrations.ts';
import { checkChain, hashOfEntry } from './auditChain.ts';
import { AuditTable } from './auditTable.ts';

let folder: string;
let database: Database;
let wallMs = 1_000_000;
let uptimeMs = 50;
const clock = { nowMs: () => wallMs, uptimeMs: () => uptimeMs };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maskloop-audit-'));
  database = new Database(join(folder, 'x.db'));
  migrate(database, folder);
  [wallMs, uptimeMs] = [1_000_000, 50];
});
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

function pass(ms: number): void {
  wallMs += ms;
  uptimeMs += ms;
}

/** Five entries, a second apart. */
function trail(): AuditEntry[] {
  const audit = new AuditTable(database, clock);
  for (let n = 1; n <= 5; n++) {
    audit.append({ actor: `reader ${n}`, action: 'save', subject: 'a', facts: { revision: n, sha256: 'x', left: undefined } });
    pass(1000);
  }
  return [...audit.entries()];
}

describe('the chain of hashes', () => {
  it('holds as it was written, and its head is the newest entry', () => {
    const entries = trail();
    expect(entries.map(({ seq, uptimeMs: up }) => [seq, up])).toEqual([
      [1, 0],
      [2, 1000],
      [3, 2000],
      [4, 3000],
      [5, 4000],
    ]);
    expect(checkChain(entries)).toEqual({ count: 5, head: { seq: 5, sha256: entries[4]!.sha256 }, firstBroken: null, clockSetBack: [] });
    expect(checkChain(entries, [{ seq: 3, sha256: entries[2]!.sha256 }]).firstBroken).toBeNull();
  });

  it.each([
    ['actor', { actor: 'somebody else' }],
    ['time', { atMs: 5 }],
    ['facts', { facts: { revision: 9 } }],
    ['subject', { subject: 'b' }],
    ['action', { action: 'view' as const }],
    ['session', { session: 'q' }],
    ['uptime', { uptimeMs: 1 }],
  ])('shows a changed %s', (_what, change) => {
    const entries = trail().map((entry) => (entry.seq === 3 ? { ...entry, ...change } : entry));
    expect(checkChain(entries).firstBroken).toEqual({ seq: 3, problem: 'changed' });
  });

  it('shows a changed entry that was given a fitting hash, one entry later', () => {
    const entries = trail().map((entry) => (entry.seq === 3 ? { ...entry, actor: 'x', sha256: hashOfEntry({ ...entry, actor: 'x' }) } : entry));
    expect(checkChain(entries).firstBroken).toEqual({ seq: 4, problem: 'notLinked' });
  });

  it('shows what was taken out, put in twice, or cut off before a head noted elsewhere', () => {
    const entries = trail();
    const head = { seq: 5, sha256: entries[4]!.sha256 };
    expect(checkChain(entries.filter(({ seq }) => seq !== 2)).firstBroken).toEqual({ seq: 2, problem: 'missing' });
    expect(checkChain([...entries.slice(0, 3), entries[2]!, ...entries.slice(3)]).firstBroken).toEqual({ seq: 4, problem: 'outOfOrder' });
    expect(checkChain(entries.slice(0, 3), [head]).firstBroken).toEqual({ seq: 5, problem: 'headMissing' });
    // Without a head from elsewhere nobody can know: docs/decisions/0012.
    expect(checkChain(entries.slice(0, 3)).firstBroken).toBeNull();
    expect(checkChain([], [head]).firstBroken).toEqual({ seq: 5, problem: 'headMissing' });
  });

  it('shows a trail made anew against a head noted elsewhere', () => {
    const old = trail();
    const other = new Database(join(folder, 'y.db'));
    migrate(other, folder);
    const anew = new AuditTable(other, clock);
    for (let n = 1; n <= 6; n++) anew.append({ actor: 'nobody', action: 'save' });
    expect(checkChain(anew.entries()).firstBroken).toBeNull();
    expect(checkChain(anew.entries(), [{ seq: 4, sha256: old[3]!.sha256 }]).firstBroken).toEqual({ seq: 4, problem: 'headDiffers' });
    other.close();
  });
});

describe('a clock that is set back', () => {
  it('within a session shows against the clock nobody sets; the order stays', () => {
    const audit = new AuditTable(database, clock);
    audit.append({ actor: 'a', action: 'save' });
    pass(30 * 60_000);
    wallMs -= 10 * 60_000; // later on the wall all the same
    audit.append({ actor: 'a', action: 'save' });
    expect(checkChain(audit.entries())).toMatchObject({ firstBroken: null, clockSetBack: [{ seq: 2, byMs: 10 * 60_000 }] });
  });

  it('between sessions shows where time went back; a correction by seconds does not', () => {
    new AuditTable(database, clock).append({ actor: 'a', action: 'save' });
    wallMs -= 5000;
    new AuditTable(database, clock).append({ actor: 'a', action: 'save' });
    wallMs -= 3_600_000;
    const audit = new AuditTable(database, clock);
    audit.append({ actor: 'a', action: 'save' });
    expect(checkChain(audit.entries()).clockSetBack).toEqual([{ seq: 3, byMs: 3_600_000 }]);
  });
});

describe('the table', () => {
  it('cannot be changed by our own code, and an entry goes with the transaction it belongs to', () => {
    const audit = new AuditTable(database, clock);
    audit.append({ actor: 'a', action: 'save' });
    expect(() => database.run("UPDATE audit SET actor = 'b'")).toThrow(/immutable/);
    expect(() => database.run('DELETE FROM audit')).toThrow(/immutable/);
    expect(() =>
      database.transaction(() => {
        audit.append({ actor: 'a', action: 'accept' });
        throw new Error('the acceptance failed');
      }),
    ).toThrow('the acceptance failed');
    expect(audit.head()?.seq).toBe(1);
  });

  it('reads page by page', () => {
    const audit = new AuditTable(database, clock);
    database.transaction(() => {
      for (let n = 0; n < 2100; n++) audit.append({ actor: 'a', action: 'view' });
    });
    expect(checkChain(audit.entries())).toMatchObject({ count: 2100, firstBroken: null });
    expect([...audit.entries(2099)].map(({ seq }) => seq)).toEqual([2099, 2100]);
  });
});

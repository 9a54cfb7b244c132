/**
 * The chain of hashes: pure. It shows that an entry was changed, taken out or put in between, because every later hash
 * would have to change with it. It cannot show that somebody with write access made the whole chain anew, or cut off its
 * end, unless a head was noted where that person cannot write (`AuditHead`).
 */
import { createHash } from 'node:crypto';
import type { AuditEntry, AuditHead } from '../../contract/audit.ts';

/** What the first entry has for a predecessor. */
export const NO_PREDECESSOR = '0'.repeat(64);
/** Clocks are corrected by seconds every day; that is no sign of anything. */
const CLOCK_TOLERANCE_MS = 60_000;

export function hashOfEntry({ seq, atMs, session, uptimeMs, actor, action, subject, facts, previousSha256 }: Omit<AuditEntry, 'sha256'>): string {
  const content = [seq, atMs, session, uptimeMs, actor, action, subject, facts, previousSha256];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

export interface ChainProblem {
  readonly seq: number;
  readonly problem: 'changed' | 'outOfOrder' | 'missing' | 'notLinked' | 'headMissing' | 'headDiffers';
}

export interface ClockSetBack {
  readonly seq: number;
  readonly byMs: number;
}

export interface ChainCheck {
  readonly count: number;
  readonly head: AuditHead | null;
  /** `null`: the chain holds. */
  readonly firstBroken: ChainProblem | null;
  /** Entries before which the clock on the wall went back; a sign, not a proof. */
  readonly clockSetBack: readonly ClockSetBack[];
}

/** `entries` oldest first; `knownHeads`: noted elsewhere, and must be in the chain. */
export function checkChain(entries: Iterable<AuditEntry>, knownHeads: readonly AuditHead[] = []): ChainCheck {
  const clockSetBack: ClockSetBack[] = [];
  let firstBroken: ChainProblem | null = null;
  let previous: AuditEntry | null = null;
  let count = 0;
  for (const entry of entries) {
    count++;
    firstBroken ??= problemOf(entry, previous, knownHeads);
    const byMs = previous ? setBackMs(previous, entry) : 0;
    if (byMs > CLOCK_TOLERANCE_MS) clockSetBack.push({ seq: entry.seq, byMs });
    previous = entry;
  }
  const lastSeq = previous?.seq ?? 0;
  const cutOff = Math.min(...knownHeads.map(({ seq }) => seq).filter((seq) => seq > lastSeq));
  if (Number.isFinite(cutOff)) firstBroken ??= { seq: cutOff, problem: 'headMissing' };
  return { count, head: previous && { seq: previous.seq, sha256: previous.sha256 }, firstBroken, clockSetBack };
}

function problemOf(entry: AuditEntry, previous: AuditEntry | null, knownHeads: readonly AuditHead[]): ChainProblem | null {
  const { seq } = entry;
  const expectedSeq = (previous?.seq ?? 0) + 1;
  if (seq !== expectedSeq) return { seq: expectedSeq, problem: seq > expectedSeq ? 'missing' : 'outOfOrder' };
  if (entry.previousSha256 !== (previous?.sha256 ?? NO_PREDECESSOR)) return { seq, problem: 'notLinked' };
  if (hashOfEntry(entry) !== entry.sha256) return { seq, problem: 'changed' };
  if (knownHeads.some((head) => head.seq === seq && head.sha256 !== entry.sha256)) return { seq, problem: 'headDiffers' };
  return null;
}

/** How far the wall clock went back between two entries: within a session against the clock that nobody sets. */
function setBackMs(previous: AuditEntry, entry: AuditEntry): number {
  const passedMs = previous.session === entry.session ? entry.uptimeMs - previous.uptimeMs : 0;
  return previous.atMs + passedMs - entry.atMs;
}

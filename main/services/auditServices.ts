import { z } from 'zod';
import type { Handlers } from '../contract/api.ts';
import type { AuditHead, AuditVerification } from '../contract/audit.ts';
import { checkChain } from '../dataset/audit/auditChain.ts';
import type { AuditTable } from '../dataset/audit/auditTable.ts';
import { answer } from './answer.ts';
import type { AuditHeads } from './auditHeads.ts';
import type { ProjectSession } from './projectSession.ts';

export function auditServices(session: ProjectSession, heads: AuditHeads): Pick<Handlers, 'audit.list' | 'audit.search' | 'audit.verify'> {
  return {
    'audit.list': ({ fromSeq, limit }) =>
      answer(() => {
        const { audit } = session.current().store;
        return { entries: [...take(audit.entries(fromSeq), limit)], head: audit.head() };
      }),
    'audit.search': ({ beforeSeq, limit, ...filter }) =>
      answer(() => {
        const { audit } = session.current().store;
        return { entries: audit.search(filter, limit, beforeSeq), matchCount: audit.matchCount(filter), actors: audit.actors() };
      }),
    'audit.verify': ({ heads: given }) =>
      answer(() => session.during(async ({ store }) => verifyAudit(store.audit, given, await heads.remembered(store.audit)))),
  };
}

/** `given`, `remembered`: heads noted outside the project. */
export function verifyAudit(audit: AuditTable, given: readonly AuditHead[], remembered: AuditHead | null): AuditVerification {
  const { clockSetBack, ...check } = checkChain(audit.entries(), remembered ? [...given, remembered] : given);
  return { ...check, clockSetBack: [...clockSetBack], masksMatch: masksMatch(audit), remembered };
}

const BeginFacts = z.object({ maskCount: z.number(), masksSha256: z.string() });

/** False also where there is no first entry to compare with. */
function masksMatch(audit: AuditTable): boolean {
  const begun = BeginFacts.safeParse(audit.find(1)?.facts);
  const untold = audit.untoldMasks();
  return begun.success && begun.data.maskCount === untold.count && begun.data.masksSha256 === untold.sha256;
}

function* take<T>(values: Iterable<T>, count: number): Generator<T> {
  let left = count;
  for (const value of values) {
    if (left-- <= 0) return;
    yield value;
  }
}

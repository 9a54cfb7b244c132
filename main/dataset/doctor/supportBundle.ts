/**
 * What support needs to know of a project, and nothing of its patients. Built from numbers, codes and names that this
 * program gave itself; no text that came from a file, a person or another program goes in, not even an error message.
 */
import type { AppError } from '../../contract/errors.ts';
import type { JobEvent } from '../../contract/jobs.ts';
import type { CaseId } from '../../contract/vocabulary.ts';
import { checkChain } from '../audit/auditChain.ts';
import type { ProjectStore } from '../projectStore.ts';
import type { Examination } from './examineProject.ts';
import type { Finding } from './finding.ts';

const JOBS_TOLD = 200;
/** Files of this program; where else a stack leads is nobody's business. */
const OWN_FILES = /\b(app|maskloop|compute|batchThread|preprocessThread|decodeThread)\.cjs:(\d+):(\d+)/g;

/** `about`: versions and the machine; must hold no text of a project. */
export function supportBundle(
  about: Readonly<Record<string, unknown>>,
  store: ProjectStore,
  { findings, checkedMasks, checkedImages }: Examination,
): Record<string, unknown> {
  const pseudonyms = new Pseudonyms();
  const { count, firstBroken, clockSetBack } = checkChain(store.audit.entries());
  return {
    version: 1,
    about,
    project: {
      schemaVersion: store.schemaVersion,
      rowCounts: store.rowCounts(),
      readOnly: store.readOnly?.reason ?? null,
      audit: { count, firstBroken, clockSetBack },
      checkedMasks,
      checkedImages,
      findings: findings.map((finding) => toldFinding(finding, pseudonyms)),
      jobProblems: store.jobs.recentEvents(JOBS_TOLD).flatMap(toldProblem),
    },
  };
}

/** `case-1`, `case-2` … in the order of their being mentioned. */
class Pseudonyms {
  readonly #names = new Map<CaseId, string>();

  of(caseId: CaseId): string {
    const known = this.#names.get(caseId) ?? `case-${this.#names.size + 1}`;
    this.#names.set(caseId, known);
    return known;
  }
}

function toldFinding(finding: Finding, pseudonyms: Pseudonyms): Record<string, unknown> {
  return {
    kind: finding.kind,
    ...('caseId' in finding && { case: pseudonyms.of(finding.caseId) }),
    ...('revision' in finding && { revision: finding.revision }),
    // these two are said by SQLite about tables and by us about numbers
    ...((finding.kind === 'databaseDamaged' || finding.kind === 'auditBroken') && { detail: finding.detail }),
  };
}

function toldProblem(event: JobEvent): Record<string, unknown>[] {
  if (event.type !== 'failed' && event.type !== 'problem') return [];
  const { jobId, type, error } = event;
  // A job's id is its kind and its time.
  return [{ job: jobId.split('-')[0], end: type, code: error.code, ...factsOf(error) }];
}

function factsOf(error: AppError): Record<string, unknown> {
  if (error.code === 'job/process-died') return { exitCode: error.exitCode, signal: error.signal };
  if (error.code === 'internal') return { stack: [...error.detail.matchAll(OWN_FILES)].map(([frame]) => frame) };
  return {};
}

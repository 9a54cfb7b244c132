import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppException } from '../contract/errors.ts';
import { syncFolder, writeFileAtomic } from '../dataset/atomicFile.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { NewRun } from '../dataset/runTable.ts';

/**
 * Makes the run's folder with `run.json`: who trained what on which labelmaps, readable without the database.
 * `trainingDataSha256` is the hash of the lines "caseId revision sha256" of the cases trained on, in order of their ids.
 */
export async function writeRunRecord(store: ProjectStore, run: NewRun, author: string, atMs: number): Promise<void> {
  const cases = run.cases.map((one) => {
    const revision = store.revisions.find(one.caseId, one.revision);
    if (!revision) throw new AppException({ code: 'not-found', what: 'revision', id: `${one.caseId}/${one.revision}` });
    const { source, author: painter, sha256 } = revision;
    return { ...one, source, author: painter, sha256, completeness: store.revisions.completeness(one.caseId, one.revision) };
  });
  const lines = cases.filter(({ role }) => role === 'train').map((one) => `${one.caseId} ${one.revision} ${one.sha256}\n`);
  const record = {
    version: 1,
    runId: run.runId,
    parentRunId: run.parentRunId,
    author,
    createdAt: new Date(atMs).toISOString(),
    options: run.options,
    legend: store.project.legend,
    labelRules: store.project.labelRules,
    trainingDataSha256: createHash('sha256').update(lines.join('')).digest('hex'),
    cases,
  };
  await mkdir(store.folder.run(run.runId));
  await syncFolder(store.folder.runs);
  await writeFileAtomic(join(store.folder.run(run.runId), 'run.json'), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
}

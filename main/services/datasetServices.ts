import { resolve } from 'node:path';
import type { Handlers } from '../contract/api.ts';
import { answer } from './answer.ts';
import { describeCase, listCases, requireCase, summaryOf } from './caseSummary.ts';
import type { EventHub } from './eventHub.ts';
import { importJob, importTask, importTitle } from './importJob.ts';
import type { ProjectSession } from './projectSession.ts';
import { ViewLog } from './viewLog.ts';

type DatasetCalls = 'dataset.import' | 'dataset.listCases' | 'dataset.openCase' | 'dataset.setExcluded';

export function datasetServices(session: ProjectSession, events: EventHub, author: string): Pick<Handlers, DatasetCalls> {
  const views = new ViewLog();
  return {
    'dataset.import': ({ paths, subjectsFile, overlaps, pet }) =>
      answer(() => {
        const { store, queue } = session.current();
        const absolute = paths.map((path) => resolve(path));
        const job = importJob(store, events, author, importTitle(absolute), [
          () => importTask(store, absolute, { overlaps, pet, ...(subjectsFile ? { subjectsFile: resolve(subjectsFile) } : {}) }),
        ]);
        const request = {
          call: 'dataset.import',
          input: { paths: absolute, overlaps, pet, ...(subjectsFile && { subjectsFile: resolve(subjectsFile) }) },
        } as const;
        return { jobId: queue.submit({ ...job, request }) };
      }),
    'dataset.listCases': () => answer(() => ({ cases: listCases(session.current().store) })),
    'dataset.openCase': ({ caseId, mask }) =>
      answer(async () => {
        const { store } = session.current();
        const detail = await describeCase(store, caseId, mask);
        views.tell(store, author, caseId);
        return detail;
      }),
    'dataset.setExcluded': ({ caseIds, reason }) =>
      answer(() => {
        const { store } = session.current();
        const chosen = [...new Set(caseIds)];
        for (const caseId of chosen) requireCase(store, caseId);
        store.exclusions.set(chosen, reason, author, Date.now());
        events.casesChanged(...chosen);
        return { cases: chosen.map((caseId) => summaryOf(store, caseId)) };
      }),
  };
}

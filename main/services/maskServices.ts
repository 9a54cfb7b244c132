/** The masks of a case: added, renamed, deleted and brought back, and which one trainings learn from (docs/decisions/0015). */
import type { Handlers, MaskInfo } from '../contract/api.ts';
import type { CaseId, MaskNumber, Revision } from '../contract/vocabulary.ts';
import type { ProjectStore } from '../dataset/projectStore.ts';
import type { ComputeHost } from '../jobs/computeHost.ts';
import { answer } from './answer.ts';
import { maskInfo, requireCase } from './caseSummary.ts';
import type { EventHub } from './eventHub.ts';
import { checkLabels, commitCopy, requireRevision } from './labelServices.ts';
import type { ProjectSession } from './projectSession.ts';

type MaskCalls = 'labels.addMask' | 'labels.renameMask' | 'labels.setMaskDeleted' | 'labels.setTrainingMask';

export function maskServices(session: ProjectSession, compute: ComputeHost, events: EventHub, author: string): Pick<Handlers, MaskCalls> {
  const change = (caseId: CaseId, work: (store: ProjectStore) => MaskNumber | Promise<MaskNumber>) =>
    answer(async (): Promise<MaskInfo> => {
      const info = await session.during(async ({ store }) => {
        requireCase(store, caseId);
        return maskInfo(store, caseId, await work(store));
      });
      events.casesChanged(caseId);
      return info;
    });
  return {
    'labels.addMask': ({ caseId, name, fromRevision }) => change(caseId, (store) => addMask(store, compute, author, caseId, name, fromRevision)),
    'labels.renameMask': ({ caseId, mask, name }) =>
      change(caseId, (store) => {
        store.masks.rename(caseId, mask, name, author, Date.now());
        return mask;
      }),
    'labels.setMaskDeleted': ({ caseId, mask, isDeleted }) =>
      change(caseId, (store) => {
        store.masks.setDeleted(caseId, mask, isDeleted, author, Date.now());
        return mask;
      }),
    'labels.setTrainingMask': ({ caseId, mask }) =>
      change(caseId, (store) => {
        store.masks.setTraining(caseId, mask, author, Date.now());
        return mask;
      }),
  };
}

/** The mask and its first revision, or neither. Throws `labels/unknown-label` where the legend has lost a label of it. */
async function addMask(
  store: ProjectStore,
  compute: ComputeHost,
  author: string,
  caseId: CaseId,
  name: string,
  fromRevision: Revision | null,
): Promise<MaskNumber> {
  const add = (): MaskNumber => store.masks.add(caseId, name, author, Date.now());
  if (fromRevision === null) return add();
  const from = requireRevision(store, caseId, fromRevision);
  await checkLabels(store, compute, caseId, fromRevision);
  const completeness = store.revisions.completeness(caseId, fromRevision);
  return (await commitCopy(store, caseId, from, { author, completeness, isAccepted: false, mask: add })).mask;
}

import type { CaseDetail } from '../../../main/contract/api.ts';

type Framed = Pick<CaseDetail, 'caseId' | 'frameOfReferenceUid'>;

/** Pure: whether millimetres mean the same place in both. Cases that name no frame of reference are not known to share one. */
export const framesAgree = (a: Framed, b: Framed): boolean =>
  a.caseId === b.caseId || (a.frameOfReferenceUid !== null && a.frameOfReferenceUid === b.frameOfReferenceUid);

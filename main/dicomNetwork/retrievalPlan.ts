/** What of a study is still to be fetched: an interrupted retrieval goes on where it stopped. */
import type { WantedStudy } from '../contract/dicomNetwork.ts';
import type { Inbox } from './inbox.ts';

/** What a node lists of one series. `objects` is empty where it does not list single objects. */
export interface ListedSeries {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly modality: string;
  /** `sopClassUid` is empty where the node does not tell it. */
  readonly objects: readonly { readonly sopInstanceUid: string; readonly sopClassUid: string }[];
  readonly objectCount: number | null;
}

export interface SeriesToFetch extends ListedSeries {
  /** `null`: the whole series. */
  readonly missingUids: readonly string[] | null;
}

export const isWanted = ({ seriesUids }: WantedStudy, seriesUid: string): boolean => !seriesUids || seriesUids.includes(seriesUid);

/** `null`: nothing is missing. */
export async function planSeries(inbox: Inbox, listed: ListedSeries): Promise<SeriesToFetch | null> {
  const { studyUid, seriesUid, objects, objectCount } = listed;
  if (objects.length === 0) {
    const isThere = objectCount !== null && (await inbox.objectCount(studyUid, seriesUid)) >= objectCount;
    return isThere ? null : { ...listed, missingUids: null };
  }
  const uids = objects.map((one) => one.sopInstanceUid);
  const present = await inbox.presentObjects(studyUid, seriesUid, uids);
  if (present.size === uids.length) return null;
  return { ...listed, missingUids: present.size > 0 ? uids.filter((uid) => !present.has(uid)) : null };
}

export const expectedCount = (series: ListedSeries): number | null => (series.objects.length > 0 ? series.objects.length : series.objectCount);

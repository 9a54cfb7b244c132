/** C-GET and C-MOVE as a source of objects. */
import type { requests } from 'dcmjs-dimse';
import { AppException } from '../contract/errors.ts';
import type { WantedStudy } from '../contract/dicomNetwork.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { DimseAssociation, MAX_CONTEXTS, type Caller, type WantedContext } from './dimseAssociation.ts';
import { dimse } from './dimseLibrary.ts';
import { find, statusOf, STUDY_ROOT_FIND, type Identifier } from './dimseQuery.ts';
import type { Inbox } from './inbox.ts';
import type { ObjectSource, OnReception } from './retrieval.ts';
import { isWanted, type ListedSeries, type SeriesToFetch } from './retrievalPlan.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN, TRANSFER_SYNTAXES, USUAL_STORAGE_CLASSES } from './storageClasses.ts';

const STUDY_ROOT_GET = '1.2.840.10008.5.1.4.1.2.2.3';
const STUDY_ROOT_MOVE = '1.2.840.10008.5.1.4.1.2.2.2';
/** Single objects asked for at once; a list of UIDs has no limit of its own, but nodes have. */
const UIDS_PER_REQUEST = 50;
/** A node may read tapes before the first object comes. */
const RETRIEVE_TIMES = { idleMs: 5 * 60_000, associationMs: 30_000 };
/** B000: done, but some objects failed; the comparison with the list tells which. */
const STATUS_SOME_FAILED = 0xb000;
const STATUS_CANCELLED = 0xfe00;
const STOP_LOOK_MS = 200;
/** How long a node may take to stop after it was asked to. */
const CANCEL_MS = 5_000;

export class DimseRetrieval implements ObjectSource {
  constructor(
    private readonly caller: Caller,
    private readonly inbox: Inbox,
    private readonly onReception: OnReception,
  ) {}

  get nodeName(): string {
    return this.caller.node.name;
  }

  async list(study: WantedStudy): Promise<ListedSeries[]> {
    const link = await DimseAssociation.open(this.caller, [{ sopClassUid: STUDY_ROOT_FIND, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] }]);
    try {
      const query = { QueryRetrieveLevel: 'SERIES', StudyInstanceUID: study.studyUid, SeriesInstanceUID: '', Modality: '', NumberOfSeriesRelatedInstances: '' };
      const { found } = await find(this.caller, link, STUDY_ROOT_FIND, query);
      const listed: ListedSeries[] = [];
      for (const one of found) {
        const { SeriesInstanceUID: seriesUid = '', NumberOfSeriesRelatedInstances: count, Modality: modality = '' } = one;
        if (!isWanted(study, seriesUid)) continue;
        const objects = await this.#listObjects(link, study.studyUid, seriesUid);
        listed.push({ studyUid: study.studyUid, seriesUid, modality, objects, objectCount: count ? Number(count) : null });
      }
      return listed;
    } finally {
      await link.release();
    }
  }

  /** Empty where the node does not answer at this level, which it need not. */
  async #listObjects(link: DimseAssociation, studyUid: string, seriesUid: string): Promise<ListedSeries['objects']> {
    const query = { QueryRetrieveLevel: 'IMAGE', StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, SOPInstanceUID: '', SOPClassUID: '' };
    try {
      const { found } = await find(this.caller, link, STUDY_ROOT_FIND, query);
      return found.filter((one) => one.SOPInstanceUID).map((one: Identifier) => ({ sopInstanceUid: one.SOPInstanceUID!, sopClassUid: one.SOPClassUID ?? '' }));
    } catch (thrown) {
      if (thrown instanceof AppException && thrown.error.code === 'network/failed') return [];
      throw thrown;
    }
  }

  async fetch(series: SeriesToFetch, stop: JobPort['stop']): Promise<void> {
    const isMove = this.caller.node.retrieveBy === 'move';
    const link = await DimseAssociation.open(this.caller, isMove ? moveContexts() : getContexts(series), {
      times: RETRIEVE_TIMES,
      inbox: isMove ? undefined : this.inbox,
      onStored: (facts, reception) => this.onReception(facts.sopInstanceUid, reception),
    });
    try {
      for (const identifier of identifiersOf(series)) {
        if (stop.aborted) return;
        await this.#perform(link, isMove ? moveRequest(identifier, this.caller.aeTitle) : getRequest(identifier), stop);
      }
    } finally {
      if (stop.aborted) link.abort();
      else await link.release();
    }
  }

  async #perform(link: DimseAssociation, request: requests.CMoveRequest | requests.CGetRequest, stop: JobPort['stop']): Promise<void> {
    let abort: ReturnType<typeof setTimeout> | undefined;
    const look = setInterval(() => {
      if (!stop.aborted || abort) return;
      link.cancel(request);
      abort = setTimeout(() => link.abort(), CANCEL_MS);
    }, STOP_LOOK_MS);
    try {
      const last = await link.perform(request);
      const status = last.getStatus();
      if (status === 0 || status === STATUS_SOME_FAILED || (status === STATUS_CANCELLED && stop.aborted)) return;
      throw new AppException({ code: 'network/failed', node: this.nodeName, operation: 'retrieve', ...statusOf(last) });
    } finally {
      clearInterval(look);
      clearTimeout(abort);
    }
  }

  async close(): Promise<void> {
    // Each request has an association of its own.
  }
}

function identifiersOf({ studyUid, seriesUid, missingUids }: SeriesToFetch): Record<string, string | string[]>[] {
  const series = { StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid };
  if (!missingUids) return [{ QueryRetrieveLevel: 'SERIES', ...series }];
  const parts = Array.from({ length: Math.ceil(missingUids.length / UIDS_PER_REQUEST) }, (_, n) =>
    missingUids.slice(n * UIDS_PER_REQUEST, (n + 1) * UIDS_PER_REQUEST),
  );
  return parts.map((SOPInstanceUID) => ({ QueryRetrieveLevel: 'IMAGE', ...series, SOPInstanceUID }));
}

function moveRequest(identifier: Record<string, unknown>, destination: string): requests.CMoveRequest {
  const request = new dimse.requests.CMoveRequest();
  request.setDataset(new dimse.Dataset(identifier, IMPLICIT_LITTLE_ENDIAN));
  request.getCommandDataset().setElement('MoveDestination', destination);
  return request;
}

function getRequest(identifier: Record<string, unknown>): requests.CGetRequest {
  const request = new dimse.requests.CGetRequest();
  request.setDataset(new dimse.Dataset(identifier, IMPLICIT_LITTLE_ENDIAN));
  return request;
}

function moveContexts(): WantedContext[] {
  return [{ sopClassUid: STUDY_ROOT_MOVE, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] }];
}

/**
 * A node picks one transfer syntax of each context, so what shall arrive as it is stored needs a context for each. Where
 * the SOP classes are known all syntaxes fit; else the usual classes with the uncompressed ones.
 */
function getContexts({ objects }: SeriesToFetch): WantedContext[] {
  const known = [...new Set(objects.map((one) => one.sopClassUid))].filter(Boolean);
  const storing =
    known.length > 0
      ? known.flatMap((sopClassUid) => TRANSFER_SYNTAXES.map((syntax) => ({ sopClassUid, transferSyntaxUids: [syntax], isReversed: true })))
      : USUAL_STORAGE_CLASSES.flatMap((sopClassUid) => [
          { sopClassUid, transferSyntaxUids: [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN], isReversed: true },
          ...TRANSFER_SYNTAXES.slice(4, 13).map((syntax) => ({ sopClassUid, transferSyntaxUids: [syntax], isReversed: true })),
        ]);
  const get = { sopClassUid: STUDY_ROOT_GET, transferSyntaxUids: [IMPLICIT_LITTLE_ENDIAN] };
  return [get, ...storing].slice(0, MAX_CONTEXTS);
}

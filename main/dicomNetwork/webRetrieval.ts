/** WADO-RS (PS3.18 section 10.4) as a source of objects, streamed to the disk part by part. */
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { SecretWebNode, WantedStudy } from '../contract/dicomNetwork.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { Inbox } from './inbox.ts';
import type { IncomingFile } from './incomingFile.ts';
import { boundaryOf, MultipartError, MultipartParser, type MultipartEvent } from './multipartParser.ts';
import type { ObjectSource, OnReception } from './retrieval.ts';
import { isWanted, type ListedSeries, type SeriesToFetch } from './retrievalPlan.ts';
import { webFind } from './webQuery.ts';
import { answerChunks, badAnswer, webRequest } from './webRequest.ts';

/** `*`: as it is stored, without transcoding. */
const ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*';

export class WebRetrieval implements ObjectSource {
  constructor(
    private readonly node: SecretWebNode,
    private readonly inbox: Inbox,
    private readonly onReception: OnReception,
  ) {}

  get nodeName(): string {
    return this.node.name;
  }

  async list(study: WantedStudy): Promise<ListedSeries[]> {
    const path = `/studies/${study.studyUid}/series`;
    const { found } = await webFind(this.node, 'retrieve', path, {});
    const listed: ListedSeries[] = [];
    for (const { SeriesInstanceUID: seriesUid = '', Modality: modality = '', NumberOfSeriesRelatedInstances: count } of found) {
      if (!isWanted(study, seriesUid)) continue;
      const instances = await webFind(this.node, 'retrieve', `${path}/${encodeURIComponent(seriesUid)}/instances`, {});
      const objects = instances.found
        .filter((one) => one.SOPInstanceUID)
        .map((one) => ({ sopInstanceUid: one.SOPInstanceUID!, sopClassUid: one.SOPClassUID ?? '' }));
      listed.push({ studyUid: study.studyUid, seriesUid, modality, objects, objectCount: count ? Number(count) : null });
    }
    return listed;
  }

  async fetch({ studyUid, seriesUid, missingUids }: SeriesToFetch, stop: JobPort['stop']): Promise<void> {
    const series = `/studies/${studyUid}/series/${encodeURIComponent(seriesUid)}`;
    const paths = missingUids ? missingUids.map((uid) => `${series}/instances/${encodeURIComponent(uid)}`) : [series];
    for (const path of paths) {
      if (stop.aborted) return;
      const answer = await webRequest(this.node, { operation: 'retrieve', path, accept: ACCEPT, stop });
      if (answer) await this.#store(answer, stop);
    }
  }

  async #store(answer: IncomingMessage, stop: JobPort['stop']): Promise<void> {
    const state: { file: IncomingFile | null } = { file: null };
    try {
      const parser = new MultipartParser(boundaryOf(answer.headers['content-type'] ?? ''));
      for await (const chunk of answerChunks(this.node, answer, stop)) {
        for (const event of parser.push(chunk)) await this.#take(event, state);
      }
      if (!stop.aborted) parser.end();
    } catch (thrown) {
      answer.destroy();
      throw thrown instanceof MultipartError ? badAnswer(this.node, thrown.message) : thrown;
    } finally {
      await state.file?.discard();
    }
  }

  async #take(event: MultipartEvent, state: { file: IncomingFile | null }): Promise<void> {
    if (event.type === 'part') state.file = this.inbox.receive();
    else if (event.type === 'data') {
      if (state.file && !state.file.write(event.bytes)) await once(state.file, 'drain');
    } else if (state.file) {
      const file = state.file;
      state.file = null;
      file.end();
      const reception = await this.inbox.keep(file);
      this.onReception(reception.outcome === 'kept' ? reception.identity.sopInstanceUid : 'of a part', reception);
    }
  }

  async close(): Promise<void> {
    // Each request has a connection of its own.
  }
}

/** Fetches studies from a node into the inbox, whatever it speaks: list, fetch what is missing, try again once, say what stayed away. */
import { AppException, toAppError, type AppError } from '../contract/errors.ts';
import type { WantedStudy } from '../contract/dicomNetwork.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { Inbox, Reception } from './inbox.ts';
import { expectedCount, planSeries, type ListedSeries, type SeriesToFetch } from './retrievalPlan.ts';

/** One way to talk to a node about objects. */
export interface ObjectSource {
  readonly nodeName: string;
  list(study: WantedStudy): Promise<ListedSeries[]>;
  /** Rejects when it breaks off; what came before is in the inbox. Looks at `stop`. */
  fetch(series: SeriesToFetch, stop: JobPort['stop']): Promise<void>;
  close(): Promise<void>;
}
export type OnReception = (sopInstanceUid: string, reception: Reception) => void;

export interface RetrievalSummary {
  readonly receivedCount: number;
  readonly presentCount: number;
}

const ATTEMPTS = 2;

export class Retrieval {
  #receivedCount = 0;
  #presentCount = 0;
  #doneCount = 0;
  #expectedCount = 0;
  #nodeName = '';

  constructor(
    private readonly inbox: Inbox,
    private readonly port: JobPort,
  ) {}

  /** To be told of every object that comes in. */
  readonly onReception: OnReception = (sopInstanceUid, reception) => {
    if (reception.outcome === 'refused') {
      this.port.tell({ type: 'problem', error: { code: 'network/not-kept', sopInstanceUid, callingAeTitle: this.#nodeName, detail: reception.detail } });
      return;
    }
    this.#doneCount++;
    this.#tellProgress();
  };

  /** Rejects with the node's error when nothing at all could be fetched. */
  async run(source: ObjectSource, studies: readonly WantedStudy[]): Promise<RetrievalSummary> {
    this.#nodeName = source.nodeName;
    const listed: ListedSeries[] = [];
    for (const study of studies) {
      if (this.port.stop.aborted) break;
      const series = await source.list(study);
      if (series.length === 0) this.#problem(nothingOf(source, study));
      listed.push(...series);
    }
    this.#expectedCount = listed.reduce((sum, series) => sum + (expectedCount(series) ?? 0), 0);
    let lastFailure: AppError | null = null;
    for (const series of listed) {
      if (this.port.stop.aborted) break;
      lastFailure = (await this.#fetchSeries(source, series)) ?? lastFailure;
    }
    const hasNothing = this.#receivedCount + this.#presentCount === 0;
    if (hasNothing && !this.port.stop.aborted) throw new AppException(lastFailure ?? nothingOf(source, studies[0]!));
    return { receivedCount: this.#receivedCount, presentCount: this.#presentCount };
  }

  async #fetchSeries(source: ObjectSource, listed: ListedSeries): Promise<AppError | null> {
    let failure: AppError | null = null;
    const before = await this.#heldCount(listed);
    this.#countPresent(before);
    for (let attempt = 0; attempt < ATTEMPTS && !this.port.stop.aborted; attempt++) {
      const plan = await planSeries(this.inbox, listed);
      if (!plan) break;
      try {
        await source.fetch(plan, this.port.stop);
        failure = null;
      } catch (thrown) {
        failure = toAppError(thrown);
      }
    }
    const held = await this.#heldCount(listed);
    this.#receivedCount += held - before;
    if (this.port.stop.aborted) return null;
    const { studyUid, seriesUid } = listed;
    const expected = expectedCount(listed);
    if (failure) this.#problem(failure);
    if (expected !== null && held < expected)
      this.#problem({ code: 'network/incomplete', node: source.nodeName, studyUid, seriesUid, expected, received: held });
    return failure;
  }

  async #heldCount({ studyUid, seriesUid, objects }: ListedSeries): Promise<number> {
    if (objects.length === 0) return this.inbox.objectCount(studyUid, seriesUid);
    return (
      await this.inbox.presentObjects(
        studyUid,
        seriesUid,
        objects.map((one) => one.sopInstanceUid),
      )
    ).size;
  }

  #countPresent(count: number): void {
    this.#presentCount += count;
    this.#doneCount += count;
    this.#tellProgress();
  }

  #problem(error: AppError): void {
    this.port.tell({ type: 'problem', error });
  }

  #tellProgress(): void {
    this.port.tell({ type: 'progress', progress: { phase: 'receiving', done: Math.min(this.#doneCount, this.#expectedCount), total: this.#expectedCount } });
  }
}

function nothingOf({ nodeName }: ObjectSource, { studyUid }: WantedStudy): AppError {
  return { code: 'network/nothing-to-retrieve', node: nodeName, studyUid };
}

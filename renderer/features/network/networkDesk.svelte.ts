import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { CallOutput } from '../../../main/contract/api.ts';
import type { DicomMatches, DicomNode, DicomQuery, OwnStation, ReceiverStatus, SeriesMatch, WantedStudy } from '../../../main/contract/dicomNetwork.ts';
import { toAppError } from '../../../main/contract/errors.ts';
import type { JobId } from '../../../main/contract/vocabulary.ts';
import type { AppApi } from '../../lib/api.ts';
import { errorText } from '../../lib/messages/errorText.ts';
import { t } from '../../lib/messages/messages.svelte.ts';

type ListedNode = CallOutput<'network.listNodes'>['nodes'][number];
export interface EchoResult {
  readonly isGood: boolean;
  readonly text: string;
}

/** What the network dialog shows and does. Failures are told in the dialog, where they can be corrected. */
export class NetworkDesk {
  #nodes = $state.raw<readonly ListedNode[]>([]);
  #station = $state.raw<OwnStation | null>(null);
  #receiver = $state.raw<ReceiverStatus | null>(null);
  #matches = $state.raw<DicomMatches | null>(null);
  #problem = $state('');
  #busyWith = $state<'' | 'search' | 'receiver' | 'save'>('');
  /** Counts searches, so that an answer that comes after another search, or after a cancel, does not count. */
  #searchNumber = 0;
  readonly echoes = new SvelteMap<string, EchoResult | 'running'>();
  /** Series of the studies that were unfolded. */
  readonly series = new SvelteMap<string, readonly SeriesMatch[]>();
  /** Study UIDs, and `study/series` for single series. */
  readonly chosen = new SvelteSet<string>();

  constructor(private readonly api: AppApi) {}

  get nodes() {
    return this.#nodes;
  }
  get station() {
    return this.#station;
  }
  get receiver() {
    return this.#receiver;
  }
  get matches() {
    return this.#matches;
  }
  get problem() {
    return this.#problem;
  }
  get busyWith() {
    return this.#busyWith;
  }

  /** Returns the unsubscribe function. */
  start(): () => void {
    void this.#attempt('', async () => {
      await this.#reload();
      this.#receiver = await this.api.call('network.status', {});
    });
    return this.api.subscribe((event) => {
      if (event.type !== 'receiver') return;
      this.#receiver = event.status;
      if (event.problem) this.#problem = errorText(event.problem);
    });
  }

  async #reload(): Promise<void> {
    const { nodes, station } = await this.api.call('network.listNodes', {});
    this.#nodes = nodes;
    this.#station = station;
  }

  /** True when it was saved. */
  save(node: DicomNode, secret: string | undefined): Promise<boolean> {
    return this.#attempt('save', async () => {
      await this.api.call('network.saveNode', { node, secret });
      this.echoes.delete(node.name);
      await this.#reload();
    });
  }

  remove(name: string): Promise<boolean> {
    return this.#attempt('save', async () => {
      await this.api.call('network.removeNode', { name });
      this.echoes.delete(name);
      await this.#reload();
    });
  }

  async echo(name: string): Promise<void> {
    this.echoes.set(name, 'running');
    try {
      const { elapsedMs, implementation } = await this.api.call('network.echo', { node: name });
      this.echoes.set(name, {
        isGood: true,
        text: t('network.answers', { name, ms: Math.round(elapsedMs), implementation: implementation && ` (${implementation})` }),
      });
    } catch (thrown) {
      this.echoes.set(name, { isGood: false, text: errorText(toAppError(thrown)) });
    }
  }

  async search(node: string, query: DicomQuery): Promise<void> {
    const number = ++this.#searchNumber;
    this.#matches = null;
    this.series.clear();
    this.chosen.clear();
    await this.#attempt('search', async () => {
      const matches = await this.api.call('network.search', { node, query }).catch((thrown: unknown) => {
        if (number === this.#searchNumber) throw thrown;
        return null;
      });
      if (matches && number === this.#searchNumber) this.#matches = matches;
    });
  }

  /** The node may go on for a moment; nobody waits for it. */
  cancelSearch(): void {
    this.#searchNumber++;
    this.#busyWith = '';
  }

  async unfold(node: string, studyUid: string): Promise<void> {
    if (this.series.delete(studyUid)) return;
    await this.#attempt('', async () => {
      const { series } = await this.api.call('network.search', { node, query: { level: 'series', studyUid } });
      this.series.set(studyUid, series);
    });
  }

  choose(key: string, isChosen: boolean): void {
    if (isChosen) this.chosen.add(key);
    else this.chosen.delete(key);
  }

  /** Undefined when it could not start. */
  async retrieve(node: string): Promise<JobId | undefined> {
    return this.#started(() => this.api.call('network.retrieve', { node, studies: wantedStudies([...this.chosen]) }));
  }

  async send(node: string, folder: string): Promise<JobId | undefined> {
    return this.#started(() => this.api.call('network.send', { node, paths: [folder] }));
  }

  listen(station: OwnStation): Promise<boolean> {
    return this.#attempt('receiver', async () => {
      this.#receiver = await this.api.call('network.startReceiver', { station });
      this.#station = station;
    });
  }

  stopListening(): Promise<boolean> {
    return this.#attempt('receiver', async () => {
      this.#receiver = await this.api.call('network.stopReceiver', {});
    });
  }

  async #started(start: () => Promise<{ jobId: JobId }>): Promise<JobId | undefined> {
    let jobId: JobId | undefined;
    await this.#attempt('', async () => {
      ({ jobId } = await start());
    });
    return jobId;
  }

  async #attempt(what: NetworkDesk['busyWith'], work: () => Promise<void>): Promise<boolean> {
    this.#problem = '';
    if (what) this.#busyWith = what;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.#problem = errorText(toAppError(thrown));
      return false;
    } finally {
      if (this.#busyWith === what) this.#busyWith = '';
    }
  }
}

/** Keys are `study` or `study/series`; a whole study takes its series with it. */
export function wantedStudies(keys: readonly string[]): WantedStudy[] {
  const whole = new Set(keys.filter((key) => !key.includes('/')));
  const wanted = new Map<string, string[] | undefined>([...whole].map((studyUid) => [studyUid, undefined]));
  for (const key of keys) {
    const [studyUid = '', seriesUid] = key.split('/');
    if (seriesUid && !whole.has(studyUid)) wanted.set(studyUid, [...(wanted.get(studyUid) ?? []), seriesUid]);
  }
  return [...wanted].map(([studyUid, seriesUids]) => ({ studyUid, seriesUids }));
}

/** The typed client of the contract. Expected failures arrive as `AppException`. */
import { z } from 'zod';
import { bulkUrls, calls } from '../../main/contract/api.ts';
import type { AppEvent, CallInput, CallName, CallOutput } from '../../main/contract/api.ts';
import { AppError, AppException } from '../../main/contract/errors.ts';
import { labelsFromBytes } from '../../main/contract/labelType.ts';
import { UploadId } from '../../main/contract/vocabulary.ts';
import type { CaseId } from '../../main/contract/vocabulary.ts';
import type { JournalId, WindowId } from '../../main/contract/journal.ts';
import { callServices, subscribeToEvents, windowId } from './transport.ts';

const Answer = z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), value: z.unknown() }), z.object({ ok: z.literal(false), error: AppError })]);

async function failBulk(response: Response): Promise<never> {
  const parsed = AppError.safeParse(await response.json().catch(() => null));
  throw new AppException(parsed.success ? parsed.data : { code: 'internal', detail: `${response.url}: HTTP ${response.status}` });
}

async function getBytes(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  return response.ok ? response.arrayBuffer() : failBulk(response);
}

export class AppApi {
  readonly #listeners = new Set<(event: AppEvent) => void>();
  readonly #reconnectListeners = new Set<() => void>();
  #unsubscribe: (() => void) | null = null;

  /** Of this page; the services know whether it is still there. */
  get windowId(): WindowId {
    return windowId();
  }

  /** Throws `AppException` with the error that the service answered. */
  async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
    const answer = Answer.parse(await callServices(name, input));
    if (!answer.ok) throw new AppException(answer.error);
    return calls[name].output.parse(answer.value) as CallOutput<K>;
  }

  /** Returns the unsubscribe function. `onReconnect`: events may have been missed, read everything again. */
  subscribe(listener: (event: AppEvent) => void, onReconnect: () => void = () => undefined): () => void {
    this.#listeners.add(listener);
    this.#reconnectListeners.add(onReconnect);
    this.#unsubscribe ??= subscribeToEvents(
      (event) => this.#listeners.forEach((listen) => listen(event)),
      () => this.#reconnectListeners.forEach((listen) => listen()),
    );
    return () => {
      this.#listeners.delete(listener);
      this.#reconnectListeners.delete(onReconnect);
      if (this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = null;
    };
  }

  /** Raw voxels of one channel, i fastest; type and dims as in `CaseDetail`. */
  readonly volume = (caseId: CaseId, channelIndex: number): Promise<ArrayBuffer> => getBytes(bulkUrls.volume(caseId, channelIndex));

  /** Labels in the same order, in 8 or 16 bits as they are stored. */
  async labels(caseId: CaseId, revision: number, voxelCount: number): Promise<Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
    const bytes = await getBytes(bulkUrls.labels(caseId, revision));
    const labels = labelsFromBytes(bytes, voxelCount);
    if (labels) return labels;
    throw new AppException({ code: 'internal', detail: `revision ${revision} of ${caseId}: ${bytes.byteLength} bytes for ${voxelCount} voxels` });
  }

  /** Ones where background was painted; only for a revision that has any. */
  async background(caseId: CaseId, revision: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await getBytes(bulkUrls.background(caseId, revision)));
  }

  /** Of a prediction that has one, in 255ths of a bit; in the same order. */
  async uncertainty(caseId: CaseId, revision: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await getBytes(bulkUrls.uncertainty(caseId, revision)));
  }

  /** Sends a labelmap as a Blob (a typed array of 100 MB breaks test tools). */
  async upload(labels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): Promise<UploadId> {
    const response = await fetch(bulkUrls.upload(), { method: 'POST', body: new Blob([labels], { type: 'application/octet-stream' }) });
    if (!response.ok) return failBulk(response);
    return z.object({ uploadId: UploadId }).parse(await response.json()).uploadId;
  }

  /** Resolves when the changes are on the disk of whoever serves. The same `sequence` again is not written again. */
  async appendStrokes(caseId: CaseId, journalId: JournalId, sequence: number, changeCount: number, changes: Blob): Promise<void> {
    const response = await fetch(bulkUrls.journalFrame(caseId, journalId, sequence, changeCount), { method: 'POST', body: changes });
    if (!response.ok) return failBulk(response);
    z.object({ sequence: z.literal(sequence) }).parse(await response.json());
  }
}

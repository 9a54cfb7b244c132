import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { openToWrite, type FileWriter } from '../vault/writeSealed.ts';

/**
 * Takes an object as it comes. A disk that fails does not break the stream, so that the sender still gets its answer: the
 * rest is swallowed and `finished` rejects.
 */
export class IncomingFile extends Writable {
  #file: FileWriter | null = null;
  #failure: unknown = undefined;
  readonly #closed: Promise<void>;
  #settle: () => void = () => {};

  constructor(readonly path: string) {
    super({ highWaterMark: 1024 * 1024 });
    this.#closed = new Promise((resolve) => (this.#settle = resolve));
  }

  override _construct(callback: (error?: Error | null) => void): void {
    void this.#attempt(async () => {
      this.#file = await openToWrite(this.path);
    }, callback);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    void this.#attempt(() => this.#file!.write(chunk), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    // The sender forgets the object once we have said that it is kept.
    void this.#attempt(() => this.#file!.sync(), callback);
  }

  override _destroy(_error: Error | null, callback: (error?: Error | null) => void): void {
    const close = async (): Promise<void> => {
      await this.#file?.close();
      this.#file = null;
    };
    void close()
      .catch((thrown: unknown) => (this.#failure ??= thrown))
      .then(() => {
        if (!this.writableFinished) this.#failure ??= new Error('the object did not arrive completely');
        callback(null);
        this.#settle();
      });
  }

  /** Resolves when all is on the disk and closed; rejects with what went wrong. Call after `end` or `destroy`. */
  async finished(): Promise<void> {
    await this.#closed;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Removes the file; harmless when it was moved away. Never rejects: what cannot be removed goes when the inbox is opened again. */
  async discard(): Promise<void> {
    if (!this.destroyed) this.destroy();
    await this.#closed;
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #attempt(work: () => Promise<unknown>, callback: (error?: Error | null) => void): Promise<void> {
    try {
      if (this.#failure === undefined) await work();
    } catch (thrown) {
      this.#failure = thrown;
    }
    callback(null);
  }
}

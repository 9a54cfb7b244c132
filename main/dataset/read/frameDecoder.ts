/** Compressed frames to pixels, several at once in threads where that pays. */
import { Worker } from 'node:worker_threads';
import { AppException, type AppError } from '../../contract/errors.ts';
import { decodeFrame, needsCodec, type EncodedFrame } from '../../formats/dicom/pixels/decodeFrame.ts';
import { createPixelCodecs, type PixelCodecs } from '../../formats/dicom/pixels/pixelCodecs.ts';
import type { StoredPixels } from '../../formats/dicom/pixels/pixelLayout.ts';
import { usableCores } from '../usableCores.ts';
import { builtFile } from './builtFile.ts';
import { codecModule } from './codecModule.ts';

export interface ToDecodeThread {
  readonly index: number;
  readonly frame: EncodedFrame;
}
export type FromDecodeThread =
  { readonly index: number; readonly ok: true; readonly stored: StoredPixels } | { readonly index: number; readonly ok: false; readonly error: AppError };

export interface FrameDecoderOptions {
  /** The built bundle of `decodeThread.ts`; `null`: everything in this thread. */
  readonly threadFile?: string | null;
  readonly threads?: number;
}

/** A thread costs some 60 ms to start and 100 MB; a frame of 512 × 512 takes 4 to 70 ms (docs/benchmarks.md). */
const MAX_THREADS = 8;
/** Fewer compressed frames are decoded sooner than threads have started. */
const WORTH_THREADS = 8;
/** Frames handed to a thread before its answer: one at work, one waiting. */
const AHEAD_PER_THREAD = 2;

/** No frame takes this long; a codec that does is in a loop that its bytes led it into. */
const STUCK_MS = 120_000;

interface Waiting {
  readonly resolve: (stored: StoredPixels) => void;
  readonly reject: (reason: unknown) => void;
  readonly alarm: ReturnType<typeof setTimeout>;
}

/** For one series. `close` must be called in the end; it drops what is still at work. */
export class FrameDecoder {
  private readonly threadFile: string | null;
  private readonly threads: number;
  private workers: Worker[] = [];
  private codecs: PixelCodecs | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private readonly roomSeekers: (() => void)[] = [];
  private sent = 0;
  /** The first one; no frame is taken after it. */
  private failure: { readonly reason: unknown } | null = null;

  /** `expectedFrames` decides whether threads pay. */
  constructor(
    private readonly expectedFrames: number,
    options: FrameDecoderOptions = {},
  ) {
    this.threadFile = options.threadFile === undefined ? builtFile('decodeThread.cjs') : options.threadFile;
    this.threads = options.threads ?? Math.min(usableCores(), MAX_THREADS);
  }

  /**
   * Resolves once the frame is taken, so that a caller who waits keeps few of them in memory; the pixels come later.
   * `frameCount`: how many frames its file has. They reject with what `decodeFrame` throws, and so does every call after
   * the first failure.
   */
  async add(frame: EncodedFrame, frameCount = 1): Promise<{ readonly pixels: Promise<StoredPixels> }> {
    if (!needsCodec(frame)) return { pixels: Promise.resolve(decodeFrame(frame)) };
    const module = await codecModule();
    const paysInThreads = Math.max(frameCount, this.expectedFrames) >= WORTH_THREADS && this.threads > 1;
    if (!this.threadFile || !paysInThreads) {
      // a pause, so that a request to stop arrives between two frames
      await new Promise((resolve) => setImmediate(resolve));
      this.codecs ??= createPixelCodecs(module);
      return { pixels: Promise.resolve(decodeFrame(frame, this.codecs)) };
    }
    if (this.workers.length === 0) this.start(this.threadFile, module);
    while (this.waiting.size >= this.threads * AHEAD_PER_THREAD) await new Promise<void>((resolve) => this.roomSeekers.push(resolve));
    if (this.failure) throw this.failure.reason;
    return { pixels: this.send(frame) };
  }

  async close(): Promise<void> {
    this.fail(new Error('the decoder is closed'));
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private start(threadFile: string, module: WebAssembly.Module): void {
    this.workers = Array.from({ length: this.threads }, () => new Worker(threadFile, { workerData: module }));
    for (const worker of this.workers) {
      worker.on('message', (message: FromDecodeThread) => {
        if (!message.ok) return this.fail(new AppException(message.error));
        this.take(message.index)?.resolve(message.stored);
      });
      worker.once('error', (error) => this.fail(error));
      worker.once('exit', (code) => this.fail(new Error(`a decoding thread ended with code ${code}`)));
    }
  }

  private send(frame: EncodedFrame): Promise<StoredPixels> {
    const index = this.sent++;
    // of its own memory, which moves to the thread; the file's stays
    const bytes = new Uint8Array(frame.bytes);
    const pixels = new Promise<StoredPixels>((resolve, reject) => {
      const alarm = setTimeout(() => this.fail(stuck(frame)), STUCK_MS);
      this.waiting.set(index, { resolve, reject, alarm });
    });
    // whoever awaits the pixels learns of it; until then it is nobody's
    pixels.catch(() => undefined);
    const message: ToDecodeThread = { index, frame: { ...frame, bytes } };
    this.workers[index % this.workers.length]!.postMessage(message, [bytes.buffer]);
    return pixels;
  }

  private take(index: number): Waiting | undefined {
    const waiting = this.waiting.get(index);
    clearTimeout(waiting?.alarm);
    this.waiting.delete(index);
    this.roomSeekers.shift()?.();
    return waiting;
  }

  private fail(reason: unknown): void {
    this.failure ??= { reason };
    for (const index of [...this.waiting.keys()]) this.take(index)?.reject(this.failure.reason);
  }
}

function stuck({ path }: EncodedFrame): AppException {
  return new AppException({ code: 'import/unreadable', path, detail: `damaged pixels (a frame is not decoded after ${STUCK_MS / 1000} s)` });
}

/** Entry of a thread that decodes frames, one after another, until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { toAppError } from '../../contract/errors.ts';
import { decodeFrame } from '../../formats/dicom/pixels/decodeFrame.ts';
import { createPixelCodecs } from '../../formats/dicom/pixels/pixelCodecs.ts';
import type { FromDecodeThread, ToDecodeThread } from './frameDecoder.ts';

const port = parentPort;
if (!port) throw new Error('a decoding thread is started by a frame decoder');
const codecs = createPixelCodecs(workerData as WebAssembly.Module);

port.on('message', ({ index, frame }: ToDecodeThread) => {
  const answer = (message: FromDecodeThread, memory: ArrayBuffer[] = []): void => port.postMessage(message, memory);
  try {
    const stored = decodeFrame(frame, codecs);
    answer({ index, ok: true, stored }, [stored.buffer as ArrayBuffer]);
  } catch (thrown) {
    answer({ index, ok: false, error: toAppError(thrown) });
  }
});

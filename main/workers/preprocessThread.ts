/** Entry of a thread of the compute process: one request after another, until it is terminated. */
import { parentPort } from 'node:worker_threads';
import { toAppError } from '../contract/errors.ts';
import { runPreparation, type FromThread, type ToThread } from './preparation.ts';

const port = parentPort;
if (!port) throw new Error('a preprocessing thread is started by a compute process');

port.on('message', ({ index, request }: ToThread) => {
  const answer = (message: FromThread): void => port.postMessage(message);
  runPreparation(request).then(
    (result) => answer({ index, ok: true, result }),
    (thrown: unknown) => answer({ index, ok: false, error: toAppError(thrown) }),
  );
});

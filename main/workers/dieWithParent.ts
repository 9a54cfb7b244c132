/** A compute process writes into a project that its parent holds the lock of: once the parent is gone, the next one may open it. */
import { Worker } from 'node:worker_threads';

/** Far below what it takes to start Maskloop again. */
const LOOK_MS = 100;

/**
 * Ends this process as soon as the parent that forked it is gone: at once where the channel's end is heard, and from a thread of its own where TensorFlow
 * holds the event loop. Unix hands orphans to another parent; Windows keeps the number of the dead one. Electron's utility processes end by themselves.
 */
export function dieWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  new Worker(WATCH, { eval: true, workerData: { parentId: process.ppid, lookMs: LOOK_MS } }).unref();
}

const WATCH = `
const { parentId, lookMs } = require('node:worker_threads').workerData;
function isGone() {
  if (process.ppid !== parentId) return true;
  try {
    process.kill(parentId, 0);
    return false;
  } catch (thrown) {
    return thrown.code === 'ESRCH';
  }
}
setInterval(() => isGone() && process.kill(process.pid, 'SIGKILL'), lookMs);
`;

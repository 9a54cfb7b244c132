/**
 * The end of a compute process on a node of a cluster: a folder that whoever waits for it sees too (`main/contract/cluster.ts`)
 * stands in for the message channel. The process ends when the folder is gone, which is how it is told that it is not wanted
 * any more, and stops and saves when nobody has listened for a while.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { HOST_SILENCE_MS, MAILBOX, NODE_EXIT, NODE_SAYS } from '../contract/cluster.ts';
import type { FromCompute } from '../contract/computeMessages.ts';

const LOOK_MS = 500;
/** After a stop for lack of listeners, before the process is ended. */
const GRACE_MS = 120_000;
const MailedTask = z.object({ version: z.string(), message: z.unknown() });

export interface MailboxChannel {
  send(message: FromCompute, sent?: () => void): void;
  onMessage(listener: (raw: unknown) => void): void;
}

/** `script` is the running bundle; the version of its package must be that of the program that wrote the task. Ends the process where it cannot begin. */
export function openMailbox(folder: string, script: string): MailboxChannel {
  const newsFile = join(folder, MAILBOX.newsFile);
  const { version, message } = MailedTask.parse(JSON.parse(readFileSync(join(folder, MAILBOX.taskFile), 'utf8')));
  const ownVersion = versionBeside(script);
  if (version !== ownVersion) refuse(NODE_EXIT.otherVersion, `Maskloop ${ownVersion} is installed there, and the task was made by ${version}`);
  // open, write, close for each: over NFS that is what lets others see it
  const send: MailboxChannel['send'] = (news, sent) => {
    appendFileSync(newsFile, `${JSON.stringify(news)}\n`);
    if (sent) setImmediate(sent);
  };
  send({ type: 'news', news: { type: 'item', item: { kind: 'placed', node: hostname() } } });
  return {
    send,
    onMessage(listener) {
      const stop = (): void => listener({ type: 'stop' });
      watch(folder, stop);
      // a time limit, a preemption
      process.on('SIGTERM', stop);
      setImmediate(() => listener(message));
    },
  };
}

function versionBeside(script: string): string {
  const root = resolve(dirname(script), '..', '..');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version;
}

function refuse(exitCode: number, reason: string): never {
  process.stderr.write(`${NODE_SAYS}${hostname()}: ${reason}\n`);
  process.exit(exitCode);
}

/** In a thread of its own: TensorFlow holds the event loop for long. */
function watch(folder: string, stop: () => void): void {
  const workerData = { hostFile: join(folder, MAILBOX.hostFile), lookMs: LOOK_MS, silenceMs: HOST_SILENCE_MS, graceMs: GRACE_MS };
  const worker = new Worker(WATCH, { eval: true, workerData });
  worker.on('message', stop);
  worker.unref();
}

/** A file that is being replaced may be missing or torn for a moment (NFS), so it is looked for more than once. */
const WATCH = `
const { readFileSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { hostFile, lookMs, silenceMs, graceMs } = workerData;
const GONE_LOOKS = 6;
let beat = null;
let heardAtMs = Date.now();
let missing = 0;
let isStopped = false;
function stop() {
  if (!isStopped) parentPort.postMessage('stop');
  isStopped = true;
}
setInterval(() => {
  try {
    const word = JSON.parse(readFileSync(hostFile, 'utf8'));
    missing = 0;
    if (word.beat !== beat) heardAtMs = Date.now();
    beat = word.beat;
    if (word.isStopWanted) stop();
  } catch (thrown) {
    if (thrown.code === 'ENOENT' && ++missing >= GONE_LOOKS) process.kill(process.pid, 'SIGKILL');
  }
  const silentMs = Date.now() - heardAtMs;
  if (silentMs > silenceMs) stop();
  if (silentMs > silenceMs + graceMs) process.kill(process.pid, 'SIGKILL');
}, lookMs);
`;

import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOUCH_EVERY_MS = 5_000;
const STALE_AFTER_MS = 60_000;

/**
 * Runs an action while holding the cache's lock, so that two checkouts never build the same thing at once. The lock is
 * a folder, which is atomic to make everywhere. A lock whose owner is gone, or that nobody has touched for a minute, is
 * taken over.
 *
 * @template T
 * @param {string} cacheFolder
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withCacheLock(cacheFolder, action) {
  const lock = join(cacheFolder, 'setup.lock');
  mkdirSync(cacheFolder, { recursive: true });
  await acquire(lock);
  const touch = setInterval(() => utimesSync(lock, new Date(), new Date()), TOUCH_EVERY_MS);
  const release = () => rmSync(lock, { recursive: true, force: true });
  const stop = () => {
    release();
    process.exit(130);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await action();
  } finally {
    clearInterval(touch);
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    release();
  }
}

async function acquire(lock) {
  let toldOwner = false;
  while (!tryMakeLock(lock)) {
    if (isStale(lock)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!toldOwner) console.log(`another setup is at work (${readOwner(lock) ?? 'just starting'}): waiting for it …`);
    toldOwner = true;
    await sleep(500);
  }
}

function tryMakeLock(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'owner'), `pid ${process.pid} on ${hostname()}`);
  return true;
}

/**
 * @param {string} lock folder
 * @returns {boolean} true when its owner died on this machine, or has not touched it for a minute
 */
export function isStale(lock) {
  const owner = /^pid (\d+) on (.*)$/.exec(readOwner(lock) ?? '');
  if (owner !== null && owner[2] === hostname() && !isAlive(Number(owner[1]))) return true;
  const touched = statSync(lock, { throwIfNoEntry: false });
  return touched !== undefined && Date.now() - touched.mtimeMs > STALE_AFTER_MS;
}

function readOwner(lock) {
  try {
    return readFileSync(join(lock, 'owner'), 'utf8');
  } catch {
    return null; // released this moment, or its owner has not signed yet
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

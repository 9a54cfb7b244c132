/** How much memory this process may still take, by everything that could stop it. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { memoryUsage } from 'node:process';
import { join } from 'node:path';

/** Reads a file of the system; `null` where there is none. */
export type ReadSystemFile = (path: string) => string | null;

/** A limit that the user sets: 10⁹ bytes for each compute process. */
export const LIMIT_VARIABLE = 'MASKLOOP_MEMORY_GB';

/**
 * Bytes that this process can hold in all, what it holds already included: the least of what Linux calls available, what
 * the control groups above it leave (v1 and v2), and the user's limit. Elsewhere what the system calls free.
 */
export function memoryForThisProcess(read: ReadSystemFile = readSystemFile, ownBytes = memoryUsage().rss, limitGb = process.env[LIMIT_VARIABLE]): number {
  const left = [systemLeftBytes(read), ...controlGroupsLeftBytes(read)];
  const limit = Number(limitGb);
  return Math.min(Math.max(0, Math.min(...left)) + ownBytes, limit > 0 ? limit * 1e9 : Infinity);
}

/** MemAvailable of proc(5): free, and what can be had without swapping. */
function systemLeftBytes(read: ReadSystemFile): number {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo') ?? '');
  return found ? Number(found[1]) * 1024 : freemem();
}

/** Of the group of this process and of every one above it, for each may have a limit. */
function controlGroupsLeftBytes(read: ReadSystemFile): number[] {
  const lines = (read('/proc/self/cgroup') ?? '').split('\n');
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    if (controllers === '') return groupsAbove(path).map((group) => leftInVersion2(read, join('/sys/fs/cgroup', group)));
    return controllers!.split(',').includes('memory') ? groupsAbove(path).map((group) => leftInVersion1(read, join('/sys/fs/cgroup/memory', group))) : [];
  });
}

/** `/a/b` → `/a/b`, `/a`, `/`. Inside a container the path is often that of the host, and only `/` exists. */
function groupsAbove(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return [...parts.map((_, n) => `/${parts.slice(0, parts.length - n).join('/')}`), '/'];
}

/** cgroups(7): `memory.max` is a number or `max`; pages of files that nobody writes can be taken back. */
function leftInVersion2(read: ReadSystemFile, folder: string): number {
  return left(read, join(folder, 'memory.max'), join(folder, 'memory.current'), join(folder, 'memory.stat'), 'inactive_file');
}

function leftInVersion1(read: ReadSystemFile, folder: string): number {
  return left(read, join(folder, 'memory.limit_in_bytes'), join(folder, 'memory.usage_in_bytes'), join(folder, 'memory.stat'), 'total_inactive_file');
}

function left(read: ReadSystemFile, limitFile: string, usageFile: string, statFile: string, reclaimableName: string): number {
  const limit = Number.parseInt(read(limitFile) ?? '', 10);
  const usage = Number.parseInt(read(usageFile) ?? '', 10);
  if (!Number.isFinite(limit) || !Number.isFinite(usage)) return Infinity;
  const reclaimable = new RegExp(`^${reclaimableName} (\\d+)$`, 'm').exec(read(statFile) ?? '');
  return limit - usage + Number(reclaimable?.[1] ?? 0);
}

function readSystemFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // another system, or another version of control groups
  }
}

/** Lists the files below the given paths, folder by folder, with what tells a changed file from a known one. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { AppError } from '../../contract/errors.ts';
import { contentBytes } from '../../vault/readSealed.ts';
import { inParallel } from './inParallel.ts';

export interface WalkedFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface WalkedFolder {
  readonly folder: string;
  /** Sorted by name as people count: 2 before 10. */
  readonly files: readonly WalkedFile[];
}

export interface Walk {
  readonly folders: readonly WalkedFolder[];
  /** Files named one by one by the user, absolute. They are in `folders` too. */
  readonly namedFiles: ReadonlySet<string>;
  readonly problems: readonly AppError[];
}

export interface Stop {
  readonly aborted: boolean;
}

/** Latency of network drives is hidden by asking for several files at once. */
export const FILES_AT_ONCE = 16;

const byName = new Intl.Collator('en', { numeric: true });

/** Hidden files (also macOS `._` twins) and folders are left out; links are followed, each folder is visited once. */
export async function walkSources(paths: readonly string[], tellFound: (fileCount: number) => void, stop: Stop): Promise<Walk> {
  const folders = new Map<string, Map<string, WalkedFile>>();
  const namedFiles = new Set<string>();
  const problems: AppError[] = [];
  const visited = new Set<string>();
  let fileCount = 0;

  const add = (folder: string, file: WalkedFile) => {
    const files = folders.get(folder) ?? new Map<string, WalkedFile>();
    folders.set(folder, files.set(file.name, file));
    if (++fileCount % 100 === 0) tellFound(fileCount);
  };
  const visit = async (folder: string): Promise<void> => {
    const real = await realpath(folder);
    if (stop.aborted || visited.has(real)) return;
    visited.add(real);
    const names = (await readdir(folder)).filter((name) => !isHidden(name)).sort(byName.compare);
    const below: string[] = [];
    const found = await inParallel(names, FILES_AT_ONCE, async (name) => {
      if (stop.aborted) return null;
      const path = join(folder, name);
      let file: WalkedFile | null = null;
      await attempt(path, async () => {
        const facts = await stat(path);
        if (facts.isDirectory()) below.push(name);
        else if (facts.isFile()) file = { name, bytes: await contentBytes(path, facts.size), modifiedMs: facts.mtimeMs };
      });
      return file;
    });
    for (const file of found) if (file !== null) add(folder, file);
    for (const name of below.sort(byName.compare)) await attempt(join(folder, name), () => visit(join(folder, name)));
  };
  /** One unreadable folder or dangling link must not hide the rest. */
  const attempt = async (path: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (thrown) {
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      problems.push({ code: 'import/unreadable', path, detail });
    }
  };
  for (const given of paths) {
    const path = resolve(given);
    await attempt(path, async () => {
      const facts = await stat(path);
      if (facts.isDirectory()) return visit(path);
      namedFiles.add(path);
      add(dirname(path), { name: basename(path), bytes: await contentBytes(path, facts.size), modifiedMs: facts.mtimeMs });
    });
  }
  const inOrder = (files: Iterable<WalkedFile>) => [...files].sort((a, b) => byName.compare(a.name, b.name));
  return { folders: [...folders].map(([folder, files]) => ({ folder, files: inOrder(files.values()) })), namedFiles, problems };
}

/** Also what macOS puts into archives beside the real files. */
export const isHidden = (name: string): boolean => name.startsWith('.') || name === '__MACOSX';

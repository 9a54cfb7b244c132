/** Lists the files below the given paths, folder by folder. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { AppError } from '../contract/errors.ts';

export interface WalkedFolder {
  readonly folder: string;
  /** File names without folders, sorted as people count: 2 before 10. */
  readonly names: readonly string[];
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

const byName = new Intl.Collator('en', { numeric: true });

/** Hidden files (also macOS `._` twins) and folders are left out; links are followed, each folder is visited once. */
export async function walkSources(
  paths: readonly string[],
  tellFound: (fileCount: number) => void,
  stop: Stop,
): Promise<Walk> {
  const folders = new Map<string, Set<string>>();
  const namedFiles = new Set<string>();
  const problems: AppError[] = [];
  const visited = new Set<string>();
  let fileCount = 0;

  const add = (folder: string, name: string) => {
    const names = folders.get(folder) ?? new Set<string>();
    folders.set(folder, names.add(name));
    if (++fileCount % 100 === 0) tellFound(fileCount);
  };
  const visit = async (folder: string): Promise<void> => {
    const real = await realpath(folder);
    if (stop.aborted || visited.has(real)) return;
    visited.add(real);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => byName.compare(a.name, b.name))) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const path = join(folder, entry.name);
      await attempt(path, async () => {
        const kind = entry.isSymbolicLink() ? await stat(path) : entry;
        if (kind.isDirectory()) await visit(path);
        else if (kind.isFile()) add(folder, entry.name);
      });
    }
  };
  /** One unreadable folder or dangling link must not hide the rest. */
  const attempt = async (path: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (thrown) {
      problems.push({
        code: 'import/unreadable',
        path,
        detail: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
  };
  for (const given of paths) {
    const path = resolve(given);
    await attempt(path, async () => {
      if ((await stat(path)).isDirectory()) return visit(path);
      namedFiles.add(path);
      add(dirname(path), basename(path));
    });
  }
  return {
    folders: [...folders].map(([folder, names]) => ({ folder, names: [...names].sort(byName.compare) })),
    namedFiles,
    problems,
  };
}

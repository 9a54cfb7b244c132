/** Zip archives among the files to scan: unpacked into a folder of ours, named to the user as if it were still inside. */
import { basename, extname, join } from 'node:path';
import { AppError, toAppError } from '../../contract/errors.ts';
import { walkSources, type Stop, type Walk, type WalkedFolder } from './sourceWalk.ts';
import { isZip, unpackZip } from './unpackZip.ts';

export interface UnpackedArchives {
  readonly folders: readonly WalkedFolder[];
  readonly problems: readonly AppError[];
  /** Unpacked root → path of the archive. */
  readonly roots: ReadonlyMap<string, string>;
}

/**
 * Unpacks every `.zip` among `walk`'s files below `unpackFolder`. Its files get the archive's time of change, so that they
 * are known again next time. Errors of the archives become problems; ENOSPC and its like are thrown.
 */
export async function unpackArchives(walk: Walk, unpackFolder: string | undefined, tellFound: (count: number) => void, stop: Stop): Promise<UnpackedArchives> {
  const folders: WalkedFolder[] = [];
  const problems: AppError[] = [];
  const roots = new Map<string, string>();
  const zips = walk.folders.flatMap(({ folder, files }) =>
    files.filter(({ name }) => isArchiveName(name)).map((file) => ({ ...file, path: join(folder, file.name) })),
  );
  for (const { path, modifiedMs } of zips) {
    if (stop.aborted) break;
    if (unpackFolder === undefined || !(await isZip(path))) {
      const detail = unpackFolder === undefined ? 'archives are not unpacked here' : 'it does not begin like a zip';
      problems.push({ code: 'import/archive-refused', path, detail });
      continue;
    }
    // the name of the archive stands for the folder that was zipped
    const root = join(unpackFolder, String(roots.size), basename(path, extname(path)));
    roots.set(root, path);
    try {
      await unpackZip(path, root, stop);
      const inside = await walkSources([root], tellFound, stop);
      problems.push(...inside.problems);
      for (const { folder, files } of inside.folders) {
        const nested = files.filter(({ name }) => isArchiveName(name));
        problems.push(
          ...nested.map(({ name }): AppError => ({ code: 'import/archive-refused', path: join(folder, name), detail: 'an archive inside an archive' })),
        );
        folders.push({ folder, files: files.filter((file) => !nested.includes(file)).map((file) => ({ ...file, modifiedMs })) });
      }
    } catch (thrown) {
      const error = toAppError(thrown, path);
      if (!error.code.startsWith('import/')) throw thrown;
      problems.push(error);
    }
  }
  return { folders, problems, roots };
}

export const isArchiveName = (name: string): boolean => extname(name).toLowerCase() === '.zip';

/** Paths below unpacked roots as people know them: `study.zip/series/IM1`. */
export class ShownPaths {
  constructor(private readonly roots: ReadonlyMap<string, string>) {}

  /** Also inside sentences. */
  text(text: string): string {
    let shown = text;
    for (const [root, archive] of this.roots) if (shown.includes(root)) shown = shown.split(root).join(archive);
    return shown;
  }

  error(error: AppError): AppError {
    if (this.roots.size === 0) return error;
    const facts = Object.entries(error).map(([name, value]: [string, unknown]) => [name, this.#fact(value)] as const);
    return AppError.parse(Object.fromEntries(facts));
  }

  #fact(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    return Array.isArray(value) ? value.map((one) => this.#fact(one)) : value;
  }
}

/**
 * Where the nodes do not see the project: its files are copied into the shared folder before a training, what the run
 * writes is copied back, and with the last training of a project the copy goes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { TaskInput, TrainCase, TrainTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';

/** Of a parent that a training starts from: its weights and plan, not what it predicted or told. */
const LEFT_OUT_OF_PARENT = new Set(['validation', 'gate', 'tensorboard']);

export class SharedCopy {
  readonly #root: string;
  #users = 0;
  /** Of files of runs there: what they were when they were copied back. */
  readonly #copiedBack = new Map<string, string>();
  /** Two trainings need the same files; each is copied once, one after the other. */
  #copying: Promise<unknown> = Promise.resolve();

  /** `projectFolder` and `sharedFolder` absolute. */
  constructor(
    readonly projectFolder: string,
    readonly sharedFolder: string,
  ) {
    const key = createHash('sha256').update(projectFolder).digest('hex').slice(0, 16);
    this.#root = join(sharedFolder, `maskloop-${key}`);
  }

  get mail(): string {
    return join(this.#root, 'mail');
  }

  begin(): void {
    this.#users++;
  }

  async end(): Promise<void> {
    if (--this.#users === 0) await rm(this.#root, { recursive: true, force: true, maxRetries: 3 });
  }

  /** The same task on copies. What is there already is not copied again; a run that is ahead there stays. */
  async handOver(input: TaskInput): Promise<TaskInput> {
    if (input.task !== 'train') return input;
    const { runFolder, parentRunFolder, preprocessedFolder, cases } = input;
    const there = (path: string): string => this.#there(path);
    const work = this.#copying.then(async () => {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      for (const file of filesOf(cases)) await copyIfOther(file, there(file));
      if (!(await isFolder(there(runFolder)))) await this.#copyRun(runFolder, there(runFolder));
      if (parentRunFolder !== undefined) await copyFolder(parentRunFolder, there(parentRunFolder), (name) => !LEFT_OUT_OF_PARENT.has(name));
    });
    this.#copying = work.catch(() => undefined);
    await work;
    const copied: TrainTask = {
      ...input,
      runFolder: there(runFolder),
      preprocessedFolder: there(preprocessedFolder),
      ...(parentRunFolder !== undefined && { parentRunFolder: there(parentRunFolder) }),
      cases: cases.map((one) => caseThere(one, there)),
    };
    return copied;
  }

  /** What changed in the run since the last time, each file whole or not at all. */
  async bringBack(input: TaskInput): Promise<void> {
    if (input.task !== 'train') return;
    const there = this.#there(input.runFolder);
    for (const file of await filesUnder(there)) {
      const from = join(there, file);
      const mark = await markOf(from);
      if (mark === null || this.#copiedBack.get(from) === mark) continue;
      await copy(from, join(input.runFolder, file));
      this.#copiedBack.set(from, mark);
    }
  }

  /** What was copied there need not come back. */
  async #copyRun(from: string, to: string): Promise<void> {
    await copyFolder(from, to, () => true);
    await mkdir(to, { recursive: true });
    for (const file of await filesUnder(to)) this.#copiedBack.set(join(to, file), (await markOf(join(to, file))) ?? '');
  }

  #there(path: string): string {
    const inside = relative(this.projectFolder, path);
    if (inside.startsWith(`..${sep}`) || inside === '..') throw new Error(`${path} lies outside of the project`);
    return join(this.#root, inside);
  }
}

export function filesOf(cases: readonly TrainCase[]): string[] {
  const files = cases.flatMap(({ image, labelFile, backgroundFile, previousFile, predictedFile }) => [
    ...image.files,
    labelFile,
    backgroundFile,
    previousFile,
    predictedFile,
  ]);
  return [...new Set(files.filter((file) => file !== undefined))];
}

function caseThere(one: TrainCase, there: (path: string) => string): TrainCase {
  const { image, labelFile, backgroundFile, previousFile, predictedFile } = one;
  return {
    ...one,
    image: { ...image, files: image.files.map(there) },
    labelFile: there(labelFile),
    ...(backgroundFile !== undefined && { backgroundFile: there(backgroundFile) }),
    ...(previousFile !== undefined && { previousFile: there(previousFile) }),
    ...(predictedFile !== undefined && { predictedFile: there(predictedFile) }),
  };
}

/** Images and masks are never written twice, so the size tells whether a copy is whole. */
async function copyIfOther(from: string, to: string): Promise<void> {
  const [source, target] = [await stat(from), await statIfThere(to)];
  if (target?.size !== source.size) await copy(from, to);
}

async function copyFolder(from: string, to: string, isWanted: (topName: string) => boolean): Promise<void> {
  for (const file of await filesUnder(from)) if (isWanted(file.split(sep)[0]!)) await copy(join(from, file), join(to, file));
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await writeFileAtomic(to, createReadStream(from));
}

/** Relative; none where there is no folder. Unfinished files (`.….maskloop-tmp`) are left out. */
async function filesUnder(folder: string): Promise<string[]> {
  if (!(await isFolder(folder))) return [];
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

const isFolder = async (path: string): Promise<boolean> => (await statIfThere(path))?.isDirectory() ?? false;

async function markOf(path: string): Promise<string | null> {
  const found = await statIfThere(path);
  return found && `${found.size} ${found.mtimeMs}`;
}

async function statIfThere(path: string) {
  try {
    return await stat(path);
  } catch (thrown) {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  }
}

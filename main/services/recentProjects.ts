import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { ProjectFolder } from '../dataset/projectFolder.ts';

const RecentFile = z.object({ version: z.literal(1), folders: z.array(z.object({ folder: z.string(), name: z.string() })) });
type Entry = z.infer<typeof RecentFile>['folders'][number];
const KEPT = 12;

/** The projects this user opened last, newest first; kept outside the projects. */
export class RecentProjects {
  readonly #file: string;

  constructor(private readonly stateFolder: string) {
    this.#file = join(stateFolder, 'recent.json');
  }

  /** Only those that are still there. */
  async list(): Promise<Entry[]> {
    return (await this.#read()).filter(({ folder }) => existsSync(new ProjectFolder(folder).database));
  }

  async add(entry: Entry): Promise<void> {
    const others = (await this.#read()).filter(({ folder }) => folder !== entry.folder);
    const folders = [entry, ...others].slice(0, KEPT);
    await mkdir(this.stateFolder, { recursive: true });
    await writeFileAtomic(this.#file, Buffer.from(JSON.stringify({ version: 1, folders }, null, 2)));
  }

  async #read(): Promise<Entry[]> {
    if (!existsSync(this.#file)) return [];
    try {
      return RecentFile.parse(JSON.parse(await readFile(this.#file, 'utf8'))).folders;
    } catch (thrown) {
      // A list of conveniences: a damaged one starts anew, and the log says so.
      console.error('recent projects:', thrown);
      return [];
    }
  }
}

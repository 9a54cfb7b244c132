/** The file that stands for a project in a file manager: opening it opens the folder around it. */
import { dirname, join } from 'node:path';
import { writeFileAtomic } from './atomicFile.ts';

const PROJECT_FILE_ENDING = '.mlproj';

/** Holds nothing that the project does not know otherwise; may be renamed or deleted. */
export async function writeProjectFile(folder: string): Promise<void> {
  const about = { version: 1, program: 'Maskloop', about: 'Opens the project in this folder, whose data lie in maskloop.db and beside it.' };
  await writeFileAtomic(join(folder, `project${PROJECT_FILE_ENDING}`), Buffer.from(`${JSON.stringify(about, null, 2)}\n`));
}

/** The project folder that a path means: itself, or the folder around a project file. */
export const projectFolderOf = (path: string): string => (path.toLowerCase().endsWith(PROJECT_FILE_ENDING) ? dirname(path) : path);

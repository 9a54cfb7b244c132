/** What the program was asked to open: by options, by the environment, or by a file that the system associates with it. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';

/** Absolute paths; a second start of the program sends it to the first. */
export const OpenRequest = z.object({
  project: z.string().nullable(),
  /** Images to import into the open project. */
  images: z.array(z.string()),
});
export type OpenRequest = z.infer<typeof OpenRequest>;

const PROJECT_FILE = /\.mlproj$/i;
const VOLUME_FILE = /\.nii(\.gz)?$/i;
const DICOM_FILE = /\.dcm$/i;

/**
 * `--project DIR` (or `--project=DIR`) goes before a project file, that before MASKLOOP_PROJECT. `argv` begins with the
 * program; what does not look like a file of ours (Electron's own switches, the program's folder) is passed over.
 */
export function openRequest(argv: readonly string[], environment: NodeJS.ProcessEnv, workingFolder: string): OpenRequest {
  const files = argv
    .slice(1)
    .filter((argument) => !argument.startsWith('-'))
    .map((path) => resolve(workingFolder, path));
  const named = files.map(openedFile);
  const option = projectOption(argv);
  const project = option ? resolve(workingFolder, option) : named.map((file) => file.project).find((folder) => folder !== null);
  const fallback = environment.MASKLOOP_PROJECT ? resolve(workingFolder, environment.MASKLOOP_PROJECT) : null;
  return { project: project ?? fallback, images: [...new Set(named.flatMap((file) => file.images))] };
}

/** One slice is no image: of a DICOM file the whole folder is meant. */
export function openedFile(path: string): OpenRequest {
  if (PROJECT_FILE.test(path)) return { project: dirname(path), images: [] };
  if (DICOM_FILE.test(path)) return { project: null, images: [dirname(path)] };
  return { project: null, images: VOLUME_FILE.test(path) ? [path] : [] };
}

function projectOption(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((argument) => argument === '--project' || argument.startsWith('--project='));
  if (at < 0) return undefined;
  return argv[at]!.startsWith('--project=') ? argv[at]!.slice('--project='.length) : argv[at + 1];
}

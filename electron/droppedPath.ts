/** Electron 32 took `File.path` away and gave `webUtils`; our tests run 22, which has only the former. */
import { webUtils } from 'electron';

/** Of a file or folder that the user dropped onto the page; empty for one that the page made itself. */
export function droppedPath(file: File): string {
  const known = webUtils as typeof webUtils | undefined;
  if (known) return known.getPathForFile(file);
  return 'path' in file && typeof file.path === 'string' ? file.path : '';
}

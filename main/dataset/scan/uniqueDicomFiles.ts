/** One file for each SOP instance UID: studies are copied, sent twice and exported into folders that hold them already. */
import { dirname } from 'node:path';
import type { AppError } from '../../contract/errors.ts';
import type { DicomFile } from './dicomSources.ts';

export interface UniqueDicomFiles {
  /** In the order given; of files with one UID the first. */
  readonly files: readonly DicomFile[];
  /** One for each folder with files whose content differs from that of their twin. Identical copies are no problem. */
  readonly problems: readonly AppError[];
}

/** `hashOf` is asked only for files of one UID and one size. */
export async function uniqueDicomFiles(files: readonly DicomFile[], hashOf: (file: DicomFile) => Promise<string>): Promise<UniqueDicomFiles> {
  const firstByUid = new Map<string, DicomFile>();
  const unique: DicomFile[] = [];
  const differing = new Map<string, { path: string; firstPath: string; count: number }>();
  for (const file of files) {
    const { sopInstanceUid } = file.summary;
    const first = firstByUid.get(sopInstanceUid);
    if (sopInstanceUid === '' || first === undefined) {
      firstByUid.set(sopInstanceUid, file);
      unique.push(file);
      continue;
    }
    if (file.bytes === first.bytes && (await hashOf(file)) === (await hashOf(first))) continue;
    const pair = `${dirname(file.path)}\n${dirname(first.path)}`;
    const known = differing.get(pair);
    if (known) known.count++;
    else differing.set(pair, { path: file.path, firstPath: first.path, count: 1 });
  }
  return { files: unique, problems: [...differing.values()].map((facts) => ({ code: 'import/duplicate-uid', ...facts })) };
}

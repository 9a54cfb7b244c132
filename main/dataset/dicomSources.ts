/** Recognises DICOM files by content and groups them into series. */
import { open, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { AppException, type AppError } from '../contract/errors.ts';
import { readDicomSummary, type DicomSummary } from '../formats/dicom/dicomSummary.ts';
import { looksLikeDicom, type Inflate } from '../formats/dicom/parseDicom.ts';
import type { DicomSource } from './source.ts';

/** Most headers end well before; otherwise the whole file is read. */
const HEAD_BYTES = 64 * 1024;
/** Folder names that say nothing about the case. */
const PLAIN_FOLDER = /^(images?|dicoms?|dcm|series|scans?)$/i;

/** Bounded, because a small file can inflate to anything. */
export const inflateDicom: Inflate = (deflated) => inflateRawSync(deflated, { maxOutputLength: 2 ** 31 - 1 });

export interface DicomFile {
  readonly path: string;
  readonly summary: DicomSummary;
}

/** `null` when the content is not DICOM. Throws `import/unreadable` for damaged DICOM, errno errors of the file system. */
export async function sniffDicomFile(path: string): Promise<DicomFile | null> {
  const { head, isWholeFile } = await readHead(path);
  if (!looksLikeDicom(head)) return null;
  try {
    const summary = readDicomSummary(head, path, inflateDicom);
    if (summary.isWhole || isWholeFile) return { path, summary };
  } catch (thrown) {
    if (isWholeFile || !(thrown instanceof AppException)) throw thrown;
  }
  return { path, summary: readDicomSummary(await readFile(path), path, inflateDicom) };
}

async function readHead(path: string): Promise<{ head: Uint8Array; isWholeFile: boolean }> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const { size: fileBytes } = await file.stat();
    return { head: buffer.subarray(0, bytesRead), isWholeFile: bytesRead === fileBytes };
  } finally {
    await file.close();
  }
}

/** One source per series and image size (a scout of another size often shares the series). Objects without images become problems. */
export function groupDicomFiles(files: readonly DicomFile[]): { sources: DicomSource[]; problems: AppError[] } {
  const others = new Map<string, DicomFile[]>();
  const series = new Map<string, DicomFile[]>();
  for (const file of files) {
    const { content, seriesUid, rows, columns } = file.summary;
    if (content === 'index') continue;
    if (content !== 'image') {
      const kind = JSON.stringify([dirname(file.path), content]);
      others.set(kind, [...(others.get(kind) ?? []), file]);
      continue;
    }
    const key = JSON.stringify([seriesUid || dirname(file.path), rows, columns]);
    series.set(key, [...(series.get(key) ?? []), file]);
  }
  const seriesPerFolder = new Map<string, number>();
  for (const [first] of series.values()) {
    const folder = dirname(first!.path);
    seriesPerFolder.set(folder, (seriesPerFolder.get(folder) ?? 0) + 1);
  }
  const sources = [...series.values()].map((members) =>
    sourceOf(members, seriesPerFolder.get(dirname(members[0]!.path)) === 1),
  );
  return { sources, problems: [...others.values()].map(notAnImage) };
}

/** One problem for all files of one kind in a folder: hundreds of lines would hide the others. */
function notAnImage(files: readonly DicomFile[]): AppError {
  const { path, summary } = files[0]!;
  const more = files.length > 1 ? `; so are ${files.length - 1} more files in this folder` : '';
  return { code: 'import/unsupported', path, detail: `${summary.content}, not a volume to segment${more}` };
}

function sourceOf(members: readonly DicomFile[], isAloneInFolder: boolean): DicomSource {
  const { path, summary } = members[0]!;
  const folder = dirname(path);
  const named = PLAIN_FOLDER.test(basename(folder)) ? dirname(folder) : folder;
  const seriesName = summary.seriesNumber || basename(path).replace(/\.[A-Za-z]+$/, '');
  return {
    kind: 'dicom',
    baseName: (isAloneInFolder ? basename(named) : `${basename(named)}_${seriesName}`) || 'series',
    path: isAloneInFolder ? folder : path,
    files: members.map((member) => member.path),
    seriesKey: summary.seriesUid ? `${summary.seriesUid} ${summary.columns}x${summary.rows}` : '',
    modality: summary.modality || 'OT',
    patientId: summary.patientId,
  };
}

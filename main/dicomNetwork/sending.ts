/** Which files are to be sent, and what becomes of them. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobPort } from '../contract/jobPort.ts';
import { readDicomFileHead, type DicomFileHead } from './dicomFile.ts';

export interface FileToSend {
  readonly path: string;
  readonly head: DicomFileHead;
}
export interface SendingEvents {
  readonly stop: JobPort['stop'];
  onSent(path: string): void;
  onRefused(path: string, detail: string): void;
}

/** Files, and everything in folders; `onOther` hears of what is no DICOM file. */
export async function filesToSend(paths: readonly string[], onOther: (path: string, detail: string) => void): Promise<FileToSend[]> {
  const found: FileToSend[] = [];
  for (const path of await allFiles(paths)) {
    const head = await readDicomFileHead(path);
    if (head && head.fileBytes > head.datasetOffsetBytes) found.push({ path, head });
    else onOther(path, 'it is no DICOM file');
  }
  return found;
}

async function allFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const facts = await lstat(path);
    if (!facts.isDirectory()) {
      found.push(path);
      continue;
    }
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    found.push(...(await allFiles(names.map((name) => join(path, name)))));
  }
  return found;
}

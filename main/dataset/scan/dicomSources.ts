/** Recognises DICOM files by content and sorts those with images into series and stacks. */
import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { AppException, type AppError } from '../../contract/errors.ts';
import { openToRead, readFile } from '../../vault/readSealed.ts';
import { readDicomSummary, type DicomSummary } from '../../formats/dicom/dicomSummary.ts';
import type { FrameHeader } from '../../formats/dicom/stack/frameHeader.ts';
import { looksLikeDicom, type Inflate } from '../../formats/dicom/parseDicom.ts';
import { readSegmentationHeader, type SegmentationHeader } from '../../formats/dicom/segmentationHeader.ts';
import { splitStacks, type Stack } from '../../formats/dicom/stack/splitStacks.ts';
import type { DicomSource, SourceFile } from './source.ts';

/** Most headers end well before; otherwise the whole file is read. */
const HEAD_BYTES = 64 * 1024;
/** Folder names that say nothing about the case. */
const PLAIN_FOLDER = /^(images?|dicoms?|dcm|series|scans?)$/i;

/** Bounded, because a small file can inflate to anything. */
export const inflateDicom: Inflate = (deflated) => inflateRawSync(deflated, { maxOutputLength: 2 ** 29 });

export interface SniffedDicom {
  readonly summary: DicomSummary;
  /** Of a SEG or RTSTRUCT. */
  readonly segmentation?: SegmentationHeader;
}
export interface DicomFile extends SourceFile, SniffedDicom {}

/** `null` when the content is not DICOM. Throws `import/unreadable` for damaged DICOM, errno errors of the file system. */
export async function sniffDicomFile(path: string, fileBytes: number): Promise<SniffedDicom | null> {
  const head = await readHead(path, fileBytes);
  if (!looksLikeDicom(head)) return null;
  const isWholeFile = head.length >= fileBytes;
  const summary = (isWholeFile ? undefined : summaryOfHead(head, path)) ?? readDicomSummary(isWholeFile ? head : await readFile(path), path, inflateDicom);
  const mayBeSegmentation = summary.content !== 'image' && summary.content !== 'index';
  const segmentation = mayBeSegmentation ? readSegmentationHeader(isWholeFile ? head : await readFile(path), path, inflateDicom) : null;
  return segmentation ? { summary, segmentation } : { summary };
}

/** `undefined` when the head of the file is not enough. */
function summaryOfHead(head: Uint8Array, path: string): DicomSummary | undefined {
  try {
    const summary = readDicomSummary(head, path, inflateDicom);
    return summary.isWhole ? summary : undefined;
  } catch (thrown) {
    if (!(thrown instanceof AppException)) throw thrown;
    return undefined;
  }
}

async function readHead(path: string, fileBytes: number): Promise<Uint8Array> {
  const file = await openToRead(path);
  try {
    const length = Math.min(HEAD_BYTES, fileBytes);
    const head = new Uint8Array(length);
    const { bytesRead } = await file.read(head, 0, length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export interface FoundDicom {
  readonly sources: readonly DicomSource[];
  readonly segmentations: readonly DicomFile[];
  readonly problems: readonly AppError[];
}

/** One source per stack of a series of one patient. Objects without images become problems, segmentations apart. */
export function groupDicomFiles(files: readonly DicomFile[]): FoundDicom {
  const others = new Map<string, DicomFile[]>();
  const series = new Map<string, DicomFile[]>();
  const segmentations: DicomFile[] = [];
  for (const file of files) {
    const { content, seriesUid, patientId } = file.summary;
    if (content === 'index') continue;
    if (file.segmentation) segmentations.push(file);
    else if (content !== 'image') addTo(others, JSON.stringify([dirname(file.path), content]), file);
    else addTo(series, JSON.stringify([seriesUid || dirname(file.path), patientId]), file);
  }
  const stacked = [...series.values()].map((members) => ({ members, stacks: splitStacks(members.flatMap(({ summary }) => summary.frames)) }));
  const casesPerFolder = new Map<string, number>();
  for (const { members } of stacked) {
    const folder = dirname(members[0]!.path);
    casesPerFolder.set(folder, (casesPerFolder.get(folder) ?? 0) + 1);
  }
  const sources: DicomSource[] = [];
  const problems: AppError[] = [];
  for (const { members, stacks } of stacked) {
    const isAlone = casesPerFolder.get(dirname(members[0]!.path)) === 1;
    for (const stack of stacks) {
      const source = sourceOf(members, stack, stacks.length === 1, isAlone);
      if (stack.refusal === undefined) sources.push(source);
      else problems.push({ code: 'import/bad-geometry', path: source.path, detail: stack.refusal });
    }
  }
  return { sources, segmentations, problems: [...problems, ...[...others.values()].map(notAnImage)] };
}

function addTo(groups: Map<string, DicomFile[]>, key: string, file: DicomFile): void {
  const group = groups.get(key);
  if (group) group.push(file);
  else groups.set(key, [file]);
}

/** One problem for all files of one kind in a folder: hundreds of lines would hide the others. */
function notAnImage(files: readonly DicomFile[]): AppError {
  const { path, summary } = files[0]!;
  const more = files.length > 1 ? `; so are ${files.length - 1} more files in this folder` : '';
  return { code: 'import/unsupported', path, detail: `${summary.content}, not a volume to segment${more}` };
}

function sourceOf(series: readonly DicomFile[], stack: Stack, isOnlyStack: boolean, isAloneInFolder: boolean): DicomSource {
  const keys = new Set(stack.frames.map(({ key }) => key));
  const members = isOnlyStack ? series : series.filter(({ summary }) => summary.frames.some(({ key }) => keys.has(key)));
  const { path, summary } = members[0]!;
  const folder = dirname(path);
  const named = PLAIN_FOLDER.test(basename(folder)) ? dirname(folder) : folder;
  const seriesName = isAloneInFolder ? '' : summary.seriesNumber || basename(path).replace(/\.[A-Za-z]+$/, '');
  const stackName = isOnlyStack ? '' : nameOfStack(stack);
  return {
    kind: 'dicom',
    baseName: [basename(named) || 'series', seriesName, stackName].filter(Boolean).join('_'),
    path: isAloneInFolder ? folder : path,
    files: members.map((member) => member.path),
    seriesUid: summary.seriesUid,
    frameOfReferenceUid: summary.frameOfReferenceUid,
    imageKeys: stack.frames.map(({ key }) => key),
    sourceKey: sourceKeyOf(members, stack.frames),
    olderSourceKey: isOnlyStack && summary.seriesUid ? `dicom:${summary.seriesUid} ${summary.columns}x${summary.rows}` : '',
    extentLpsMm: extentOf(stack.frames),
    isPartOfFiles: members.some((member) => member.summary.frames.some(({ key }) => !keys.has(key))),
    modality: summary.modality || 'OT',
    patientId: summary.patientId,
  };
}

/** `b=800` → `b800`, `echo 2` → `echo2`, `oblique sagittal, b=0` → `oblique-sagittal-b0`. */
function nameOfStack({ name }: Stack): string {
  return name
    .replace(/=|(?<=[A-Za-z]) (?=\d)/g, '')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '');
}

function extentOf(frames: readonly FrameHeader[]): DicomSource['extentLpsMm'] {
  const [low, high] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ];
  for (const { positionLpsMm: position, orientation, pixelSpacingMm: spacing, rows, columns } of frames) {
    if (position?.length !== 3 || orientation?.length !== 6 || spacing?.length !== 2) return undefined;
    for (const i of [0, columns - 1])
      for (const j of [0, rows - 1])
        for (let axis = 0; axis < 3; axis++) {
          const at = position[axis]! + i * spacing[1]! * orientation[axis]! + j * spacing[0]! * orientation[3 + axis]!;
          low[axis] = Math.min(low[axis]!, at);
          high[axis] = Math.max(high[axis]!, at);
        }
  }
  return [...low, ...high].every(Number.isFinite) ? [low, high] : undefined;
}

function sourceKeyOf(members: readonly DicomFile[], frames: readonly FrameHeader[]): string {
  const { seriesUid } = members[0]!.summary;
  if (!seriesUid || members.some(({ summary }) => summary.sopInstanceUid === '')) return '';
  const hash = createHash('sha256')
    .update(
      frames
        .map(({ key }) => key)
        .sort()
        .join('\n'),
    )
    .digest('hex');
  return `dicom:${seriesUid} ${frames.length} ${hash.slice(0, 16)}`;
}

/** Writes phantoms that look like a CT or an MR as DICOM: a folder for each study with its series and, where its mask is known, a SEG. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobPort } from '../contract/jobPort.ts';
import type { Provenance } from '../contract/provenance.ts';
import { Segment } from '../contract/vocabulary.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { writeImageSeries } from '../formats/dicom/write/imageSeries.ts';
import { writeDicomSeg } from '../formats/dicomSeg/writeDicomSeg.ts';
import { ANATOMY_LABEL_NAMES, ANATOMY_MODALITY, makeAnatomyPhantom, type Anatomy } from '../imaging/anatomyPhantom.ts';
import { seededRandom } from '../imaging/phantom.ts';

const COLORS_RGB = [
  [221, 130, 101],
  [255, 214, 102],
] as const;
/** No study was made then, and the same seed writes the same files. */
const DATE = '20260101';
const MADE_AT_MS = Date.UTC(2026, 0, 1, 12);

export interface DicomPhantoms {
  readonly folder: string;
  readonly anatomy: Anatomy;
  readonly caseCount: number;
  readonly labelledCount: number;
  readonly seed: number;
}

/** How many were written; fewer than asked for after a stop. */
export async function writeDicomPhantoms(input: DicomPhantoms, port: JobPort): Promise<number> {
  const segments = segmentsOf(input.anatomy);
  for (let n = 0; n < input.caseCount; n++) {
    if (port.stop.aborted) return n;
    port.tell({ type: 'progress', progress: { phase: 'writing', done: n, total: input.caseCount } });
    const folder = join(input.folder, `${input.anatomy}_${String(input.seed + n + 1).padStart(3, '0')}`);
    await writeStudy(folder, input, n, segments);
    port.tell({ type: 'item', item: { kind: 'writtenFile', path: folder } });
  }
  return input.caseCount;
}

async function writeStudy(folder: string, { anatomy, labelledCount, seed }: DicomPhantoms, n: number, segments: readonly Segment[]): Promise<void> {
  const { grid, image, labels } = makeAnatomyPhantom(anatomy, seed + n);
  const bits = seededRandom(Math.imul(seed + n + 1, 0x85ebca6b) ^ anatomy.length);
  const random = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => Math.floor(bits() * 256));
  const number = String(seed + n + 1).padStart(3, '0');
  const { files, reference } = writeImageSeries({
    grid,
    voxels: image,
    modality: ANATOMY_MODALITY[anatomy],
    patientName: `Phantom^${anatomy === 'abdomen' ? 'Abdomen' : 'Brain'} ${number}`,
    patientId: `${anatomy}-${number}`,
    seriesDescription: `Phantom of the ${anatomy}`,
    bodyPart: anatomy === 'abdomen' ? 'ABDOMEN' : 'BRAIN',
    date: DATE,
    time: '120000',
    random,
  });
  await mkdir(join(folder, 'images'), { recursive: true });
  for (const [k, file] of files.entries()) await writeFileAtomic(join(folder, 'images', `IM${String(k + 1).padStart(4, '0')}.dcm`), Buffer.from(file));
  if (n >= labelledCount) return;
  const provenance: Provenance = { softwareVersion: 'phantom', origin: 'manual', models: [], author: 'formula', savedAtMs: MADE_AT_MS, accepted: null };
  const seg = writeDicomSeg({ type: 'BINARY', grid, labels, segments, reference, subject: `${anatomy}-${number}`, provenance, nowMs: MADE_AT_MS, random });
  await writeFileAtomic(join(folder, 'mask.dcm'), Buffer.from(seg));
}

const segmentsOf = (anatomy: Anatomy): Segment[] =>
  ANATOMY_LABEL_NAMES[anatomy].map((name, index) => Segment.parse({ labelValue: index + 1, name, colorRgb: COLORS_RGB[index] }));

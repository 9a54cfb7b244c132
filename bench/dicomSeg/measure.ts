/** Writing and reading one large DICOM SEG, prints a line: node measure.cjs TYPE ROUNDS */
import { randomBytes } from 'node:crypto';
import type { Grid, Segment } from '../../main/contract/vocabulary.ts';
import { readDicomSeg } from '../../main/formats/dicomSeg/readDicomSeg.ts';
import { writeDicomSeg } from '../../main/formats/dicomSeg/writeDicomSeg.ts';
import { labelmapOf } from '../../main/formats/segmentation/labelmapOf.ts';

const [NI, NJ, NK] = [512, 512, 300];
const GRID = { dimsIjk: [NI, NJ, NK], spacingMm: [0.8, 0.8, 1.25], originLpsMm: [0, 0, 0], direction: [1, 0, 0, 0, 1, 0, 0, 0, 1] } as unknown as Grid;
/** Centre in voxels and radius along i and j. */
const BALLS = [
  [150, 250, 150, 90],
  [350, 250, 150, 90],
  [256, 150, 100, 60],
  [256, 380, 200, 80],
] as const;
const SEGMENTS = BALLS.map((_, n): Segment => ({ labelValue: n + 1, name: `ball ${n + 1}`, colorRgb: [60 * n, 200, 90] }));

function balls(): Uint8Array {
  const labels = new Uint8Array(NI * NJ * NK);
  for (let k = 0, n = 0; k < NK; k++)
    for (let j = 0; j < NJ; j++)
      for (let i = 0; i < NI; i++, n++) {
        labels[n] = 1 + BALLS.findIndex(([ci, cj, ck, radius]) => (i - ci) ** 2 + (j - cj) ** 2 + (0.6 * (k - ck)) ** 2 < radius * radius);
      }
  return labels;
}

async function main(type: 'BINARY' | 'LABELMAP', rounds: number): Promise<void> {
  const labels = balls();
  const images = Array.from({ length: NK }, (_, k) => ({ sopClassUid: '1.2.840.10008.5.1.4.1.1.2', sopInstanceUid: `1.2.3.${k}` }));
  const provenance = { softwareVersion: '0', origin: 'manual' as const, models: [], author: '', savedAtMs: 0, accepted: null };
  const source = {
    type,
    grid: GRID,
    labels,
    segments: SEGMENTS,
    reference: { version: 1 as const, attributes: {}, images },
    subject: '',
    provenance,
    nowMs: 0,
    random: randomBytes,
  };
  const least = { writeS: Infinity, readS: Infinity };
  let megabytes = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const bytes = writeDicomSeg(source);
    const written = performance.now();
    labelmapOf(await readDicomSeg(bytes, 'seg.dcm'), { overlap: 'refuse', defaultColor: () => [0, 0, 0] }, 'seg.dcm');
    least.writeS = Math.min(least.writeS, (written - start) / 1000);
    least.readS = Math.min(least.readS, (performance.now() - written) / 1000);
    megabytes = bytes.length / 1e6;
  }
  const peakMb = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${type}: ${megabytes.toFixed(0)} MB, written in ${least.writeS.toFixed(1)} s, read to a label map in ${least.readS.toFixed(1)} s, peak ${peakMb.toFixed(0)} MB`,
  );
}

void main(process.argv[2] as 'BINARY' | 'LABELMAP', Number(process.argv[3]));

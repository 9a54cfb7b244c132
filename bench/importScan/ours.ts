/** Writes 3,000 small DICOM files, then imports their folder: the first time, again, and after one series has come. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImportedCase } from '../../main/contract/tasks.ts';
import { ScanMemory } from '../../main/dataset/scan/scanMemory.ts';
import { scanSources } from '../../main/dataset/scan/sourceScan.ts';
import { gridFromAffine } from '../../main/imaging/grid.ts';
import { runImport } from '../../main/workers/import.ts';
import { writeDicomSeries } from '../../test/phantoms/writeDicomSeries.ts';

const [fileCount = 3000, perSeries = 30, edge = 64] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), 'maskloop-scan-bench-'));
const grid = gridFromAffine([edge, edge, perSeries], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
const voxels = Int16Array.from({ length: edge * edge * perSeries }, (_, n) => n % 4000);

function putSeries(n: number): void {
  const folder = join(root, 'pacs', `PAT${n % 25}`, `ST${n}`, 'SE1');
  mkdirSync(folder, { recursive: true });
  writeDicomSeries(grid, voxels, { seriesUid: `1.2.826.0.1.3680043.10.999.${n}`, patientId: `P${n % 25}` }).forEach((bytes, k) =>
    writeFileSync(join(folder, `IM${k}`), bytes),
  );
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const startMs = performance.now();
  return [await work(), (performance.now() - startMs) / 1000];
}

async function importAll(existing: { caseId: string; sourceKey: string }[]) {
  const cases: ImportedCase[] = [];
  const tell = (news: { type: string; item?: unknown }) => void (news.type === 'item' && cases.push(ImportedCase.parse(news.item)));
  const input = {
    task: 'import' as const,
    paths: [join(root, 'pacs')],
    casesFolder: join(root, 'cases'),
    memoryFile: join(root, 'memory.gz'),
    existing,
    legend: [],
  };
  const [result, seconds] = await timed(() => runImport(input, { tell, stop: { aborted: false } }));
  return { cases, result, seconds };
}

const seriesCount = fileCount / perSeries;
try {
  for (let n = 0; n < seriesCount; n++) putSeries(n);
  const memory = new ScanMemory();
  const [, scanSeconds] = await timed(() => scanSources([join(root, 'pacs')], { memory }));
  const [, rescanSeconds] = await timed(() => scanSources([join(root, 'pacs')], { memory }));
  const first = await importAll([]);
  const existing = first.cases.map(({ caseId, sourceKey }) => ({ caseId, sourceKey }));
  const again = await importAll(existing);
  putSeries(seriesCount);
  const more = await importAll(existing);
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  console.log(`| ${fileCount} files, ${seriesCount} series, ${edge} × ${edge} pixels | time | cases imported |\n|---|---|---|`);
  console.log(`| scan, nothing known | ${seconds(scanSeconds)} | – |`);
  console.log(`| scan, all files known | ${seconds(rescanSeconds)} | – |`);
  console.log(`| first import | ${seconds(first.seconds)} | ${first.cases.length} |`);
  console.log(`| the same folder again | ${seconds(again.seconds)} | ${again.cases.length} |`);
  console.log(`| again, with one new series | ${seconds(more.seconds)} | ${more.cases.length} |`);
} finally {
  rmSync(root, { recursive: true });
}

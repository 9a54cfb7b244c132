/** Statistics as people take them along: columns, tab- or comma-separated. */
import type { Segment } from '../../../main/contract/vocabulary.ts';
import type { SegmentStatistics } from './segmentStatistics.ts';

export interface StatisticsColumn {
  readonly title: string;
  readonly of: (row: SegmentStatistics) => number;
  readonly digits: number;
}

/** `unit`: of the image values, e.g. `HU`; empty where they have none. */
export function statisticsColumns(unit: string): readonly StatisticsColumn[] {
  const values = (name: string): string => (unit ? `${name} (${unit})` : name);
  return [
    { title: 'Volume (ml)', of: ({ volumeMl }) => volumeMl, digits: 3 },
    { title: 'Voxels', of: ({ voxelCount }) => voxelCount, digits: 0 },
    { title: values('Mean'), of: ({ mean }) => mean, digits: 2 },
    { title: values('SD'), of: ({ standardDeviation }) => standardDeviation, digits: 2 },
    { title: values('Min'), of: ({ minimum }) => minimum, digits: 2 },
    { title: values('Max'), of: ({ maximum }) => maximum, digits: 2 },
    { title: 'Largest diameter (mm)', of: ({ largestDiameterMm }) => largestDiameterMm, digits: 1 },
    { title: 'Largest axial diameter (mm)', of: ({ largestAxialDiameterMm }) => largestAxialDiameterMm, digits: 1 },
  ];
}

export const unitOf = (modality: string): string => (modality.toUpperCase() === 'CT' ? 'HU' : '');

/** A line for each segment that has voxels, the names first. Spreadsheets take tabs from the clipboard, commas from a file. */
export function statisticsText(rows: readonly SegmentStatistics[], legend: readonly Segment[], columns: readonly StatisticsColumn[], separator: '\t' | ','): string {
  const names = new Map(legend.map(({ labelValue, name }) => [labelValue, name]));
  const cell = (text: string): string => (/[",\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => [names.get(row.labelValue) ?? `label ${row.labelValue}`, String(row.labelValue), ...columns.map(({ of, digits }) => String(Number(of(row).toFixed(digits))))]);
  return `${[['Segment', 'Label', ...columns.map(({ title }) => title)], ...lines].map((line) => line.map(cell).join(separator)).join('\n')}\n`;
}

/** Statistics as people take them along: columns, tab- or comma-separated. */
import type { Segment } from '../../../main/contract/vocabulary.ts';
import { t } from '../../lib/messages/messages.svelte.ts';
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
    { title: t('statistics.volume'), of: ({ volumeMl }) => volumeMl, digits: 3 },
    { title: t('statistics.voxels'), of: ({ voxelCount }) => voxelCount, digits: 0 },
    { title: values(t('statistics.mean')), of: ({ mean }) => mean, digits: 2 },
    { title: values(t('statistics.sd')), of: ({ standardDeviation }) => standardDeviation, digits: 2 },
    { title: values(t('statistics.min')), of: ({ minimum }) => minimum, digits: 2 },
    { title: values(t('statistics.max')), of: ({ maximum }) => maximum, digits: 2 },
    { title: t('statistics.diameter'), of: ({ largestDiameterMm }) => largestDiameterMm, digits: 1 },
    { title: t('statistics.axialDiameter'), of: ({ largestAxialDiameterMm }) => largestAxialDiameterMm, digits: 1 },
  ];
}

export const unitOf = (modality: string): string => (modality.toUpperCase() === 'CT' ? 'HU' : '');

/** A line for each segment that has voxels, the names first. Spreadsheets take tabs from the clipboard, commas from a file. */
export function statisticsText(
  rows: readonly SegmentStatistics[],
  legend: readonly Segment[],
  columns: readonly StatisticsColumn[],
  separator: '\t' | ',',
): string {
  const names = new Map(legend.map(({ labelValue, name }) => [labelValue, name]));
  const cell = (text: string): string => (/[",\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = rows.map((row) => [
    names.get(row.labelValue) ?? t('segments.unnamed', { value: String(row.labelValue) }),
    String(row.labelValue),
    ...columns.map(({ of, digits }) => String(Number(of(row).toFixed(digits)))),
  ]);
  return `${[[t('statistics.segment'), t('statistics.label'), ...columns.map(({ title }) => title)], ...lines].map((line) => line.map(cell).join(separator)).join('\n')}\n`;
}

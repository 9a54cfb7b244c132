/** What becomes of every file of the real images: one row for each image and for each thing that is refused. */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describeError } from '../../main/contract/describeError.ts';
import type { AppError } from '../../main/contract/errors.ts';
import { readEverything, type SourceOutcome } from '../../main/dataset/testing/readEverything.ts';
import { SHARED_DATA } from '../reference/sharedData.ts';

export interface ConformanceRow {
  readonly path: string;
  readonly fileCount: number;
  /** `resampled` is always said to the user. */
  readonly verdict: 'read' | 'resampled' | 'refused';
  /** What it became, or why not; warnings behind it. */
  readonly text: string;
}

export interface ConformanceSet {
  readonly name: string;
  readonly rows: readonly ConformanceRow[];
  readonly outcomes: readonly SourceOutcome[];
}

/** Their files share UIDs on purpose (one image in several encodings), so each is read as if it were alone. */
const ONE_BY_ONE = ['dicom_transfer_syntaxes', 'dicom_enhanced', 'dicom_corrupt_odd'];

export async function everySet(): Promise<ConformanceSet[]> {
  const sets: ConformanceSet[] = [];
  for (const name of readdirSync(SHARED_DATA).sort()) {
    const folder = join(SHARED_DATA, name);
    const groups = ONE_BY_ONE.includes(name) ? filesBelow(folder).map((file) => [file]) : [[folder]];
    const rows: ConformanceRow[] = [];
    const outcomes: SourceOutcome[] = [];
    for (const group of groups) {
      const read = await readEverything(group);
      outcomes.push(...read.outcomes);
      const stacks = read.outcomes.map(({ source }) => source.path);
      const isOneOfSeveral = (path: string) => stacks.indexOf(path) !== stacks.lastIndexOf(path);
      const pathOf = ({ source }: SourceOutcome) => {
        if (group[0] !== folder) return relative(folder, group[0]!);
        return isOneOfSeveral(source.path) ? `${relative(folder, source.path)} (${source.baseName})` : relative(folder, source.path);
      };
      rows.push(...read.outcomes.map((outcome) => rowOf(outcome, pathOf(outcome), folder)), ...read.problems.map((problem) => refusal(problem, folder)));
    }
    sets.push({ name, rows, outcomes });
  }
  return sets;
}

/** Licences and notes are no studies. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/licen[sc]e|readme|\.(md|txt)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function rowOf({ source, loaded, error, labels, labelErrors }: SourceOutcome, path: string, folder: string): ConformanceRow {
  const fileCount = source.files.length;
  if (!loaded) return { path, fileCount, verdict: 'refused', text: reasonOf(error!, folder) };
  const { dimsIjk } = loaded.sourceGrid;
  const channels = loaded.channels.length > 1 ? `, ${loaded.channels.length} channels` : '';
  const warnings = [...loaded.warnings, ...labels.flatMap((one) => one.warnings), ...labelErrors.map((one) => one.error)];
  const parts = [
    `${dimsIjk.join(' × ')} ${loaded.channelNames[0]}${channels}`,
    labels.length > 0 ? `${labels.length} label map${labels.length > 1 ? 's' : ''}` : '',
    ...warnings.map((warning) => reasonOf(warning, folder)),
  ];
  const verdict = loaded.warnings.some(({ code }) => code === 'import/resampled') ? 'resampled' : 'read';
  return { path, fileCount, verdict, text: parts.filter(Boolean).join('; ') };
}

function refusal(problem: AppError, folder: string): ConformanceRow {
  const path = 'path' in problem ? relative(folder, problem.path) : '';
  return { path, fileCount: 1, verdict: 'refused', text: reasonOf(problem, folder) };
}

/** Without the folder of this machine and without the path, which has a column of its own. */
function reasonOf(error: AppError, folder: string): string {
  const sentence = 'detail' in error && error.detail !== undefined ? error.detail : describeError(error);
  return sentence.replaceAll(`${folder}/`, '').replaceAll('|', '\\|');
}

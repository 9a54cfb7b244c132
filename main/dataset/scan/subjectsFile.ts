/**
 * Which cases show the same person: `subjects.csv` (lines `case,subject`, a heading is allowed) or `subjects.json`
 * (`{ "case": "subject" }`). Cases of one subject are never on both sides of a split.
 */
import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { AppException } from '../../contract/errors.ts';
import { readFile } from '../../vault/readSealed.ts';
import type { Source } from './source.ts';

/** By case name: file name without `.nii`, `.nii.gz` and channel number. */
export type Subjects = ReadonlyMap<string, string>;

const FILE_NAMES = ['subjects.csv', 'subjects.json'];
const SubjectsJson = z.record(z.string(), z.union([z.string().min(1), z.number()]));

/** Throws AppException import/unreadable that names the line or the field. */
export async function readSubjectsFile(path: string): Promise<Subjects> {
  const text = await read(path);
  const pairs = extname(path).toLowerCase() === '.json' ? jsonPairs(text, path) : csvPairs(text, path);
  const subjects = new Map<string, string>();
  for (const [name, subject] of pairs) {
    const known = subjects.get(name);
    if (known !== undefined && known !== subject) throw unreadable(path, `${name} is of both ${known} and ${subject}`);
    subjects.set(name, subject);
  }
  return subjects;
}

/** The files that lie in the folders of `sources`, or beside those. */
export async function subjectsBeside(sources: readonly Source[]): Promise<Subjects> {
  const folders = new Set(sources.map(({ files }) => dirname(files[0]!)));
  const places = new Set([...folders, ...[...folders].map((folder) => dirname(folder))]);
  const subjects = new Map<string, string>();
  for (const path of [...places].flatMap((place) => FILE_NAMES.map((name) => join(place, name)))) {
    if (!existsSync(path)) continue;
    for (const [name, subject] of await readSubjectsFile(path)) subjects.set(name, subject);
  }
  return subjects;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw unreadable(path, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function jsonPairs(text: string, path: string): [string, string][] {
  try {
    return Object.entries(SubjectsJson.parse(JSON.parse(text))).map(([name, subject]) => [caseName(name), String(subject)]);
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError) && !(thrown instanceof SyntaxError)) throw thrown;
    throw unreadable(path, thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown.message);
  }
}

function csvPairs(text: string, path: string): [string, string][] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap((line, index): [string, string][] => {
      if (line.trim() === '') return [];
      const cells = line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
      const [name, subject] = cells;
      if (cells.length !== 2 || !name || !subject) throw unreadable(path, `line ${index + 1} is not 'case,subject'`);
      const isHeading = index === 0 && name.toLowerCase() === 'case' && subject.toLowerCase() === 'subject';
      return isHeading ? [] : [[caseName(name), subject]];
    });
}

/** Files may be named as they lie there. */
const caseName = (name: string): string => name.replace(/(_\d{4})?\.nii(\.gz)?$/i, '');

const unreadable = (path: string, detail: string) => new AppException({ code: 'import/unreadable', path, detail });

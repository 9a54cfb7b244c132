import { InvalidArgumentError, Option } from 'commander';
import { Fold } from '../contract/vocabulary.ts';

export const projectOption = (): Option => new Option('--project <dir>', 'project folder').env('MASKLOOP_PROJECT').makeOptionMandatory();
export const jsonOption = (): Option => new Option('--json', 'one JSON object per line on standard output, the result last');

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('a number above 0 is needed.');
  return value;
}

export function positiveInteger(text: string): number {
  const value = positiveNumber(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('a whole number above 0 is needed.');
  return value;
}

/** 0 is allowed. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(text);
}

/** `0` to `4`, or `all`. */
export function foldOf(text: string): Fold {
  const parsed = Fold.safeParse(text === 'all' ? text : wholeNumber(text));
  if (!parsed.success) throw new InvalidArgumentError("a fold from 0 to 4, or 'all', is needed.");
  return parsed.data;
}

/** `all`, or folds like `0,2,3`. */
export function foldsOf(text: string): 'all' | number[] {
  if (text === 'all') return text;
  const folds = text.split(',').map((one) => Fold.safeParse(/^\d$/.test(one) ? Number(one) : one));
  if (!folds.every((one) => one.success) || folds.some(({ data }) => data === 'all'))
    throw new InvalidArgumentError("'all', or folds like '0,2,3', are needed.");
  return [...new Set(folds.flatMap(({ data }) => (typeof data === 'number' ? [data] : [])))];
}

/** Help text behind the options: how the command is really used. */
export const examples = (...lines: string[]): string => `\nExamples:\n${lines.map((line) => `  $ maskloop ${line}`).join('\n')}`;

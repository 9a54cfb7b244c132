/** Facts about the work on cases, one JSON line each, only ever added to. */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { z } from 'zod';
import { ComparedMask } from '../contract/effort.ts';
import { AppError, AppException } from '../contract/errors.ts';
import { CaseId, Revision } from '../contract/vocabulary.ts';
import { vaultKeyOf } from '../vault/keyring.ts';
import { appendSealedNow, readGrowingText } from '../vault/sealedLog.ts';
import { isMissingFile } from './readIfThere.ts';

const ofMask = { caseId: CaseId, revision: Revision };

export const EffortFact = z.discriminatedUnion('kind', [
  /** Work that ended in this revision, or in its acceptance. */
  z.object({ kind: z.literal('active'), ...ofMask, seconds: z.number().nonnegative(), atMs: z.number() }),
  z.object({ kind: z.literal('compared'), ...ofMask, predictedRevision: Revision.nullable(), compared: ComparedMask }),
  z.object({ kind: z.literal('notCompared'), ...ofMask, predictedRevision: Revision.nullable(), error: AppError }),
]);
export type EffortFact = z.infer<typeof EffortFact>;

const LINE_FEED = 10;

export function addEffortFacts(file: string, facts: readonly EffortFact[]): void {
  if (facts.length === 0) return;
  const lines = facts.map((fact) => `${JSON.stringify(fact)}\n`).join('');
  const key = vaultKeyOf(file);
  if (key) return appendSealedNow(file, key, lines);
  const handle = openSync(file, 'a+');
  try {
    // a crash may have left half a line; it must not spoil the next one
    const begin = endsWithinLine(handle) ? '\n' : '';
    writeSync(handle, begin + lines);
  } finally {
    closeSync(handle);
  }
}

function endsWithinLine(handle: number): boolean {
  const { size } = fstatSync(handle);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(handle, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
}

/** Oldest first; a line that a crash cut off is passed over. Throws `disk/corrupt` for whole lines that are none of ours. */
export async function readEffortFacts(file: string): Promise<EffortFact[]> {
  let text: string;
  try {
    text = await readGrowingText(file);
  } catch (thrown) {
    if (isMissingFile(thrown)) return [];
    throw thrown;
  }
  return text.split('\n').flatMap((line, index) => {
    const value = line === '' ? undefined : parsedJson(line);
    if (value === undefined) return [];
    const fact = EffortFact.safeParse(value);
    if (!fact.success) throw new AppException({ code: 'disk/corrupt', path: file, detail: `line ${index + 1}: ${fact.error.message}` });
    return [fact.data];
  });
}

/** `undefined` for what is not whole. */
function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

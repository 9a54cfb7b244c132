/** The curves of a run in a few points, for lists; the whole of them are in `metrics.ndjson`. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RunCurves } from '../contract/api.ts';
import { isMissingFile } from '../dataset/readIfThere.ts';
import { readGrowingText } from '../vault/sealedLog.ts';

const POINTS = 24;
const Line = z.union([
  z.object({ run: z.object({ firstStep: z.number() }) }),
  z.object({ name: z.string(), step: z.number(), value: z.number(), label: z.string().optional() }),
]);

/** Pure. A session that goes on replaces what was told after its first step; a last line that is cut is left out. */
export function curvesOf(log: string): RunCurves {
  let loss: { step: number; value: number }[] = [];
  let dice: { step: number; value: number }[] = [];
  for (const text of log.split('\n')) {
    if (!/"run"|"trainLoss"|"valDice"/.test(text)) continue;
    const line = Line.safeParse(jsonOf(text)).data;
    if (!line) continue;
    if ('run' in line) [loss, dice] = [loss, dice].map((list) => list.filter(({ step }) => step <= line.run.firstStep)) as [typeof loss, typeof dice];
    else if (line.label === undefined) (line.name === 'trainLoss' ? loss : dice).push(line);
  }
  return { loss: inFewPoints(loss), dice: inFewPoints(dice) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // written to at this moment
  }
}

/** Means of neighbours. */
function inFewPoints(points: readonly { value: number }[]): number[] {
  const count = Math.min(POINTS, points.length);
  return Array.from({ length: count }, (_, n) => {
    const part = points.slice(Math.floor((n * points.length) / count), Math.floor(((n + 1) * points.length) / count));
    return part.reduce((sum, { value }) => sum + value, 0) / part.length;
  });
}

/** Of logs that did not change since they were read. */
const known = new Map<string, { readonly bytes: number; readonly changedMs: number; readonly curves: RunCurves }>();

export async function runCurves(runFolder: string): Promise<RunCurves> {
  const path = join(runFolder, 'metrics.ndjson');
  const found = await stat(path).catch((thrown: unknown) => {
    if (isMissingFile(thrown)) return null;
    throw thrown;
  });
  if (!found) return { loss: [], dice: [] };
  const before = known.get(path);
  if (before?.bytes === found.size && before.changedMs === found.mtimeMs) return before.curves;
  const curves = curvesOf(await readGrowingText(path));
  known.set(path, { bytes: found.size, changedMs: found.mtimeMs, curves });
  return curves;
}

/** Compares label maps file by file and writes the figures as JSON, CSV and a report. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../contract/describeError.ts';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { CaseEvaluation, EvaluatedStructure, Evaluation } from '../contract/evaluation.ts';
import type { JobPort } from '../contract/jobPort.ts';
import type { EvaluateSummary, EvaluateTask } from '../contract/tasks.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { evaluationCsv } from '../export/evaluation/evaluationCsv.ts';
import { evaluationHtml, worstFirst, type PicturedCase } from '../export/evaluation/evaluationHtml.ts';
import { drawErrorPicture } from '../export/evaluation/errorPicture.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../nnunet/gridDhw.ts';
import { evaluateCase, labelValuesIn } from '../nnunet/metrics/evaluateCase.ts';
import { nnunetSummary } from '../nnunet/metrics/nnunetSummary.ts';
import { foregroundMean, summarizeStructure } from '../nnunet/metrics/summarizeEvaluation.ts';
import { evaluationCases, structureOfLabel, type EvaluationFiles, type ComparedFiles } from './evaluationFiles.ts';
import { readImageOn, readPair } from './labelmapPair.ts';
import { breathe } from './wholeCase.ts';

/** Pictures in the report; each at most some 100 kB. */
const MOST_PICTURES = 8;

/**
 * Tells a `writtenFile` item per file. A case that cannot be compared becomes a problem and is listed in the report; fails when
 * none could be. The summary is `EvaluateSummary`.
 */
export async function runEvaluate(input: EvaluateTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    const files = await evaluationCases(input.cases);
    const leftOut: LeftOut[] = files.unpaired.map(({ name, error }) => ({ name, error }));
    for (const { error } of leftOut) port.tell({ type: 'problem', error });
    const structures = files.structures.length > 0 ? files.structures : await structuresThatOccur(files.cases, port);
    const cases = await compareAll(files, structures, input, port, leftOut);
    if (port.stop.aborted) return ok({ stopped: true });
    const [reason] = leftOut;
    if (cases.length === 0 && reason) return err(reason.error);
    const evaluation = evaluationOf(input, files, structures, cases, leftOut);
    const pictures = await drawWorst(evaluation, files.cases, port);
    return ok({ ...(await writeAll(input.outputFolder, evaluation, pictures, port)) });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFolder));
  }
}

interface LeftOut {
  readonly name: string;
  readonly error: AppError;
}

async function compareAll(
  files: EvaluationFiles,
  structures: readonly EvaluatedStructure[],
  input: EvaluateTask,
  port: JobPort,
  leftOut: LeftOut[],
): Promise<CaseEvaluation[]> {
  const cases: CaseEvaluation[] = [];
  for (const [done, one] of files.cases.entries()) {
    if (port.stop.aborted) break;
    port.tell({ type: 'progress', progress: { phase: 'evaluating', done, total: files.cases.length } });
    await breathe();
    const { name, predictionFile, truthFile } = one;
    try {
      const { grid, predicted, truth } = await readPair(one);
      const pair = { predicted, truth, shapeDhw: gridShapeDhw(grid), spacingDhwMm: gridSpacingDhwMm(grid) };
      const metrics = evaluateCase(pair, { structures, absentScoresOne: input.absentScoresOne, ignoreLabel: files.ignoreLabel });
      cases.push({ name, predictionFile, truthFile, metrics });
    } catch (thrown) {
      const error = toAppError(thrown, predictionFile);
      if (error.code === 'internal') throw thrown;
      leftOut.push({ name, error });
      port.tell({ type: 'problem', error });
    }
  }
  return cases;
}

/** Without a legend: every label of any file. Files that cannot be read are reported later, when they are compared. */
async function structuresThatOccur(cases: readonly ComparedFiles[], port: JobPort): Promise<EvaluatedStructure[]> {
  const labels = new Set<number>();
  for (const [done, one] of cases.entries()) {
    if (port.stop.aborted) break;
    port.tell({ type: 'progress', progress: { phase: 'reading', done, total: cases.length } });
    const pair = await readPair(one).catch((thrown: unknown) => {
      if (!(thrown instanceof AppException)) throw thrown;
      return null;
    });
    if (pair) for (const label of labelValuesIn(pair.predicted, pair.truth)) labels.add(label);
  }
  return [...labels].sort((a, b) => a - b).map((label) => structureOfLabel(label, `label ${label}`));
}

function evaluationOf(
  input: EvaluateTask,
  files: EvaluationFiles,
  structures: readonly EvaluatedStructure[],
  cases: CaseEvaluation[],
  leftOut: readonly LeftOut[],
): Evaluation {
  const summary = structures.map((_, n) => summarizeStructure(cases.map(({ metrics }) => metrics[n]!)));
  return {
    version: 1,
    title: input.title,
    createdAt: new Date().toISOString(),
    absentFromBoth: input.absentScoresOne ? 'one' : 'leftOut',
    ignoreLabel: files.ignoreLabel,
    structures: [...structures],
    cases,
    summary,
    foregroundMean: foregroundMean(summary),
    leftOut: leftOut.map(({ name, error }) => ({ name, reason: describeError(error) })),
  };
}

/** Read once more: keeping every label map until the worst are known would take the memory of all. */
async function drawWorst(evaluation: Evaluation, cases: readonly ComparedFiles[], port: JobPort): Promise<PicturedCase[]> {
  const byName = new Map(cases.map((one) => [one.name, one]));
  const pictures: PicturedCase[] = [];
  for (const { name, meanDice } of worstFirst(evaluation)
    .filter(({ meanDice: dice }) => dice !== null && dice < 1)
    .slice(0, MOST_PICTURES)) {
    if (port.stop.aborted) break;
    port.tell({ type: 'progress', progress: { phase: 'writing', done: pictures.length, total: MOST_PICTURES } });
    const files = byName.get(name)!;
    const pair = await readPair(files);
    const image = await readImageOn(pair.grid, files.imageFile);
    pictures.push({ name, meanDice, picture: drawErrorPicture({ ...pair, ...(image && { image }) }) });
  }
  return pictures;
}

async function writeAll(folder: string, evaluation: Evaluation, pictures: readonly PicturedCase[], port: JobPort): Promise<EvaluateSummary> {
  await mkdir(folder, { recursive: true });
  const contents = [
    ['evaluation.json', json(evaluation)],
    ['summary.json', json(nnunetSummary(evaluation))],
    ['evaluation.csv', evaluationCsv(evaluation)],
    ['evaluation.html', evaluationHtml(evaluation, pictures)],
  ] as const;
  const files: string[] = [];
  for (const [name, text] of contents) {
    const path = join(folder, name);
    await writeFileAtomic(path, Buffer.from(text));
    port.tell({ type: 'item', item: { kind: 'writtenFile', path } });
    files.push(path);
  }
  return {
    comparedCount: evaluation.cases.length,
    leftOutCount: evaluation.leftOut.length,
    dice: evaluation.foregroundMean.dice,
    structures: evaluation.structures.map(({ name }, n) => {
      const { dice, iou, hd95Mm, assdMm } = evaluation.summary[n]!;
      return { name, dice: dice.mean, iou: iou.mean, hd95Mm: hd95Mm.mean, assdMm: assdMm.mean };
    }),
    files,
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Measures two models on the same cases, judges the candidate and writes the report. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../contract/describeError.ts';
import { AppException, err, ok, toAppError, type AppError, type Result } from '../contract/errors.ts';
import type { EvaluatedStructure } from '../contract/evaluation.ts';
import type { GatePicture, GateReport, GateVerdict, GateWarning } from '../contract/gate.ts';
import type { JobPort } from '../contract/jobPort.ts';
import { GateSummary, type GateTask } from '../contract/gateTask.ts';
import { writeFileAtomic } from '../dataset/atomicFile.ts';
import { drawErrorPicture } from '../export/evaluation/errorPicture.ts';
import { gateHtml } from '../export/evaluation/gateHtml.ts';
import { isDisplaced, maskOffset } from '../nnunet/gate/displacedMask.ts';
import { type ComparedCase, type DisplacedMask, judgeCandidate } from '../nnunet/gate/judgeCandidate.ts';
import { gridShapeDhw, gridSpacingDhwMm } from '../nnunet/gridDhw.ts';
import { evaluateCase } from '../nnunet/metrics/evaluateCase.ts';
import type { LabelArray } from '../imaging/connectedComponents.ts';
import { structuresOfPlan } from './evaluationFiles.ts';
import { readImageOn, readPair } from './labelmapPair.ts';
import { readPlan } from './runFiles.ts';
import { breathe } from './wholeCase.ts';

/** Two pictures each, of some 50 kB. */
const MOST_PICTURED_CASES = 8;
/** A case has got worse from this loss on. */
const VISIBLE_LOSS = 0.002;

/**
 * Tells one `gateVerdict`. A case that cannot be compared is a warning of the verdict; fails when no held-out case can. The
 * summary is `GateSummary`, or `{ stopped: true }`.
 */
export async function runGate(input: GateTask, port: JobPort): Promise<Result<Record<string, unknown>>> {
  try {
    return ok((await judge(input, port)) ?? { stopped: true });
  } catch (thrown) {
    return err(toAppError(thrown, input.outputFolder));
  }
}

async function judge(input: GateTask, port: JobPort): Promise<GateSummary | null> {
  const plan = await readPlan(input.runFolder);
  const knownToCurrent = new Set((await readPlan(input.currentRunFolder)).classes.map(({ labelValue }) => labelValue));
  const structures = structuresOfPlan(plan, input.legend);
  const { cases, warnings, problem } = await measureAll(input, structures, plan.ignoreLabelValue, port);
  if (port.stop.aborted) return null;
  if (problem && !cases.some(({ isHeldOut }) => isHeldOut)) throw new AppException(problem);
  const displaced = await displacedMasks(input, plan.ignoreLabelValue, port);
  if (port.stop.aborted) return null;
  const { runId, currentRunId, rules, seed } = input;
  const named = structures.map(({ name, labelValues }) => ({ name, isShared: labelValues.every((value) => knownToCurrent.has(value)) }));
  const judgement = judgeCandidate({ cases, structures: named, maskCount: input.correctedMasks.length, displaced: displaced.masks, rules, seed });
  const allWarnings = [...judgement.warnings, ...warnings, ...displaced.warnings];
  const verdict: GateVerdict = { version: 1, runId, currentRunId, judgedAtMs: Date.now(), rules, seed, ...judgement, warnings: allWarnings };
  const pictures = await drawWorsened(verdict, input, port);
  if (port.stop.aborted) return null;
  const reportFile = await writeReport(input.outputFolder, { version: 1, verdict, pictures });
  port.tell({ type: 'item', item: { kind: 'gateVerdict', verdict } });
  return GateSummary.parse({ verdict, reportFile }); // without the cases, which are in the report
}

interface Measured {
  readonly cases: ComparedCase[];
  readonly warnings: GateWarning[];
  /** Why the first case that could not be compared could not. */
  readonly problem: AppError | null;
}

async function measureAll(input: GateTask, structures: readonly EvaluatedStructure[], ignoreLabel: number | null, port: JobPort): Promise<Measured> {
  const cases: ComparedCase[] = [];
  const warnings: GateWarning[] = [];
  let problem: AppError | null = null;
  const diceOf = async (predictionFile: string, truthFile: string): Promise<(number | null)[]> => {
    const { grid, predicted, truth } = await readPair({ predictionFile, truthFile });
    const pair = { predicted: asMerged(predicted, input), truth, shapeDhw: gridShapeDhw(grid), spacingDhwMm: gridSpacingDhwMm(grid) };
    return evaluateCase(pair, { structures, absentScoresOne: false, ignoreLabel, withoutDistances: true }).map(({ dice }) => dice);
  };
  for (const [done, { caseId, subject, isHeldOut, isCanary, truthFile, currentFile, candidateFile }] of input.cases.entries()) {
    if (port.stop.aborted) break;
    port.tell({ type: 'progress', progress: { phase: 'evaluating', done, total: input.cases.length } });
    await breathe();
    try {
      const [current, candidate] = [await diceOf(currentFile, truthFile), await diceOf(candidateFile, truthFile)];
      cases.push({ caseId, subject, isHeldOut, isCanary, current, candidate });
    } catch (thrown) {
      const error = expectedError(thrown, candidateFile);
      problem ??= error;
      warnings.push({ code: 'caseNotCompared', caseId, reason: describeError(error) });
      port.tell({ type: 'problem', error });
    }
  }
  return { cases, warnings, problem };
}

async function displacedMasks(input: GateTask, ignoreLabel: number | null, port: JobPort): Promise<{ masks: DisplacedMask[]; warnings: GateWarning[] }> {
  const masks: DisplacedMask[] = [];
  const warnings: GateWarning[] = [];
  for (const { caseId, maskFile, predictedFile } of input.correctedMasks) {
    if (port.stop.aborted) break;
    await breathe();
    try {
      const { grid, predicted, truth } = await readPair({ predictionFile: predictedFile, truthFile: maskFile });
      const offset = maskOffset(asMerged(predicted, input), truth, grid, ignoreLabel);
      if (offset && isDisplaced(offset, input.rules)) masks.push({ caseId, offset });
    } catch (thrown) {
      const error = expectedError(thrown, predictedFile);
      warnings.push({ code: 'caseNotCompared', caseId, reason: describeError(error) });
    }
  }
  return { masks, warnings };
}

/** What one case may fail of; anything else is thrown on. */
function expectedError(thrown: unknown, path: string): AppError {
  const error = toAppError(thrown, path);
  if (error.code === 'internal') throw thrown;
  return error;
}

/** Read once more: keeping every label map until the worst are known would take the memory of all. */
async function drawWorsened(verdict: GateVerdict, input: GateTask, port: JobPort): Promise<GatePicture[]> {
  const worsened = verdict.cases
    .filter(({ difference }) => difference !== null && difference < -VISIBLE_LOSS)
    .sort((a, b) => a.difference! - b.difference!)
    .slice(0, MOST_PICTURED_CASES);
  const pictures: GatePicture[] = [];
  for (const { caseId, difference } of worsened) {
    if (port.stop.aborted) break;
    port.tell({ type: 'progress', progress: { phase: 'writing', done: pictures.length, total: worsened.length } });
    await breathe();
    const { truthFile, imageFile, currentFile, candidateFile } = input.cases.find((one) => one.caseId === caseId)!;
    const drawnBy = async (predictionFile: string) => {
      const pair = await readPair({ predictionFile, truthFile });
      return { ...pair, predicted: asMerged(pair.predicted, input) };
    };
    const [candidate, current] = [await drawnBy(candidateFile), await drawnBy(currentFile)];
    const image = await readImageOn(candidate.grid, imageFile);
    const drawn = drawErrorPicture({ ...candidate, ...(image && { image }) });
    const before = drawErrorPicture({ ...current, ...(image && { image }), slice: drawn.slice });
    pictures.push({ caseId, difference, slice: drawn.slice, candidatePng: base64(drawn.png), currentPng: base64(before.png) });
  }
  return pictures;
}

/** What a model of an older legend drew, in the labels of this one; a label that has come back since means something else. */
function asMerged(predicted: LabelArray, { legend, mergedLabels }: GateTask): LabelArray {
  const known = new Set(legend.map(({ labelValue }) => labelValue));
  const into = new Map(mergedLabels.filter(({ from }) => !known.has(from)).map((one) => [one.from, one.into]));
  return into.size === 0 ? predicted : predicted.map((value) => into.get(value) ?? value);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Returns the HTML file. */
async function writeReport(folder: string, report: GateReport): Promise<string> {
  await mkdir(folder, { recursive: true });
  const htmlFile = join(folder, 'report.html');
  await writeFileAtomic(htmlFile, Buffer.from(gateHtml(report)));
  await writeFileAtomic(join(folder, 'report.json'), Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  return htmlFile;
}

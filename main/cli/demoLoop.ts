import { z } from 'zod';
import { AppException } from '../contract/errors.ts';
import type { JobId, RunId } from '../contract/vocabulary.ts';
import type { CliSession } from './cliSession.ts';
import { casesOf, correctCases, mean, measureCases } from './demoReader.ts';
import type { DealtStudies } from './demoStudies.ts';
import { followJob, type JobEnd } from './followJob.ts';

export interface LoopPaths {
  readonly project: string;
  /** Studies with masks. */
  readonly first: string;
  /** Studies without masks. */
  readonly fresh: string;
  /** Where the export goes. */
  readonly masks: string;
}

export interface ModelReport {
  readonly runId: RunId;
  readonly trainCaseCount: number;
  readonly validationDice: number | null;
  /** Mean over the held-out cases. */
  readonly heldOutDice: number | null;
}

export interface LoopReport {
  readonly before: ModelReport;
  readonly after: ModelReport;
  readonly correctedCount: number;
  readonly heldOut: readonly { caseId: string; before: number; after: number | null }[];
  readonly writtenFiles: readonly string[];
}

/** Leaves the loop after Ctrl+C. */
class LoopCancelled extends Error {}

/** The whole loop through the services, as the workstation does it. `null` when it was cancelled. */
export async function walkLoop(session: CliSession, studies: DealtStudies, paths: LoopPaths, minutes: number): Promise<LoopReport | null> {
  const heading = (step: number, text: string): void => session.output.note(`\n${step}/7 ${text}`);
  try {
    await session.call('project.create', { folder: paths.project });
    heading(1, `Import ${studies.known.length} studies with masks, ${studies.corrected.length + studies.heldOut.length} without`);
    await run(session, () => session.call('dataset.import', { paths: [paths.first] }));
    await run(session, () => session.call('dataset.import', { paths: [paths.fresh] }));
    heading(2, `Train the first model (${minutes} min)`);
    const firstRunId = await train(session, minutes);
    heading(3, 'Predict the cases without a mask');
    await run(session, () => session.call('nnunet.predict', { runIds: [firstRunId] }));
    const diceBefore = await measureCases(session, studies.heldOut);
    heading(4, `Correct and accept ${studies.corrected.length} predictions`);
    const correctedCount = await correctCases(session, studies.corrected);
    heading(5, `Retrain from the first model with the corrected cases (${minutes} min)`);
    const secondRunId = await train(session, minutes, firstRunId);
    heading(6, 'Predict the held-out cases again');
    const caseIds = (await casesOf(session, studies.heldOut)).map(({ summary }) => summary.caseId);
    await run(session, () => session.call('nnunet.predict', { runIds: [secondRunId], caseIds }));
    const diceAfter = await measureCases(session, studies.heldOut);
    heading(7, 'Export the masks');
    const writtenFiles = await exportMasks(session, paths.masks);
    return {
      before: await reportModel(session, firstRunId, diceBefore),
      after: await reportModel(session, secondRunId, diceAfter),
      correctedCount,
      heldOut: [...diceBefore].map(([caseId, before]) => ({ caseId, before, after: diceAfter.get(caseId) ?? null })),
      writtenFiles,
    };
  } catch (thrown) {
    if (thrown instanceof LoopCancelled) return null;
    throw thrown;
  }
}

async function run<S extends { jobId: JobId }>(session: CliSession, start: () => Promise<S>): Promise<JobEnd & { started: S }> {
  const end = await followJob(session, start);
  if (end.state === 'cancelled') throw new LoopCancelled();
  return end;
}

async function train(session: CliSession, minutes: number, parentRunId?: RunId): Promise<RunId> {
  const { started } = await run(session, () => session.call('nnunet.train', { configuration: '3d_fullres', fold: 0, minutes, parentRunId }));
  return started.runId;
}

async function exportMasks(session: CliSession, outputFolder: string): Promise<string[]> {
  const { summary } = await run(session, () => session.call('export.start', { format: 'nifti', outputFolder, includeUnaccepted: true }));
  return z.object({ files: z.array(z.string()) }).parse(summary).files;
}

async function reportModel(session: CliSession, runId: RunId, diceByCase: ReadonlyMap<string, number>): Promise<ModelReport> {
  const { runs } = await session.call('nnunet.listRuns', {});
  const info = runs.find((candidate) => candidate.runId === runId);
  if (!info) throw new AppException({ code: 'not-found', what: 'run', id: runId });
  return {
    runId,
    trainCaseCount: info.trainCaseIds.length,
    validationDice: info.validationDice,
    heldOutDice: diceByCase.size === 0 ? null : mean([...diceByCase.values()]),
  };
}

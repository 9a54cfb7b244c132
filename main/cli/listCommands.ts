import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CaseSummary, RunInfo } from '../contract/api.ts';
import { whyIncomplete } from '../contract/completeness.ts';
import { describeError } from '../contract/describeError.ts';
import { placementReasons, placeName } from '../contract/describePlacement.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { jsonOption, projectOption } from './commonOptions.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface ListOptions extends CommandOptions {
  readonly project: string;
}

/** `cases`, `runs` and `doctor`: the commands that only look. */
export function addListCommands(root: Command, program: ProgramPaths): void {
  root
    .command('cases')
    .description('List the cases of a project.')
    .addOption(projectOption())
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      runCommand('cases', program, options, async (session) => {
        const { legend, labelRules } = await session.call('project.open', { folder: resolve(options.project) });
        const { cases } = await session.call('dataset.listCases', {});
        for (const line of formatTable([
          ['case', 'modality', 'voxels', 'status', 'place', 'because', 'masks', 'accepted', 'unpainted'],
          ...cases.map((one) => [...caseRow(one), one.latestRevision === null ? '-' : (whyIncomplete(one.completeness, legend, labelRules) ?? 'background')]),
        ]))
          session.output.say(line);
        return { exitCode: exitCodes.ok, value: { cases } };
      }),
    );
  root
    .command('runs')
    .description('List the trainings of a project with their validation Dice.')
    .addOption(projectOption())
    .addOption(jsonOption())
    .action((options: ListOptions) =>
      runCommand('runs', program, options, async (session) => {
        await session.call('project.open', { folder: resolve(options.project) });
        const { runs } = await session.call('nnunet.listRuns', {});
        for (const line of formatTable([
          ['run', 'configuration', 'fold', 'state', 'epoch', 'time', 'cases', 'Dice', 'from'],
          ...runs.map(runRow),
        ]))
          session.output.say(line);
        return { exitCode: exitCodes.ok, value: { runs } };
      }),
    );
  root
    .command('doctor')
    .description('Check that the TensorFlow runtime works on this machine.')
    .addOption(jsonOption())
    .action((options: CommandOptions) =>
      runCommand('doctor', program, options, async (session) => {
        const status = await session.call('app.checkRuntime', {});
        if (status.ready) session.output.say(`The TensorFlow runtime works (version ${status.version ?? 'unknown'}).`);
        else
          session.output.say(status.problem ? describeError(status.problem) : 'The TensorFlow runtime does not work.');
        return { exitCode: status.ready ? exitCodes.ok : exitCodes.failed, value: status };
      }),
    );
}

const orDash = (value: number | string | null): string => (value === null ? '-' : String(value));

function caseRow(summary: CaseSummary): string[] {
  const { caseId, modality, grid, status, placement, latestRevision, acceptedRevision } = summary;
  return [
    caseId,
    modality,
    grid.dimsIjk.join('×'),
    status,
    placement === null ? '-' : placeName(placement),
    placement === null ? '-' : placementReasons[placement.reason],
    orDash(latestRevision),
    orDash(acceptedRevision),
  ];
}

function runRow(run: RunInfo): string[] {
  const dice = run.validationDice === null ? '-' : run.validationDice.toFixed(3);
  const caseCounts = `${run.trainCaseIds.length}+${run.validationCaseIds.length}`;
  return [
    run.runId,
    run.configuration,
    String(run.fold),
    run.state,
    String(run.epoch),
    formatDuration(run.elapsedSeconds),
    caseCounts,
    dice,
    orDash(run.parentRunId),
  ];
}

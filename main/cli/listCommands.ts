import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { CaseSummary, RunInfo } from '../contract/api.ts';
import { whyIncomplete } from '../contract/completeness.ts';
import { CaseId } from '../contract/vocabulary.ts';
import { describeOrderReason, OrderStrategy } from '../contract/worklistOrder.ts';
import { placementReasons, placeName } from '../contract/describePlacement.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption, wholeNumber } from './commonOptions.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface ListOptions extends CommandOptions {
  readonly project: string;
}

interface CaseListOptions extends ListOptions {
  readonly order?: OrderStrategy | 'project';
  readonly seed?: number;
  readonly exclude?: readonly string[];
  readonly include?: readonly string[];
  readonly reason?: string;
}

/** `cases` and `runs`. */
export function addListCommands(root: Command, program: ProgramPaths): void {
  root
    .command('cases')
    .description('List the cases of a project, take cases out or back in, or list with --order those without an accepted mask, the next one to correct first.')
    .addOption(projectOption())
    .addOption(new Option('--order <strategy>', "how; 'project': as chosen for the project").choices(['project', ...OrderStrategy.options]))
    .addOption(new Option('--seed <number>', "of what is left to chance; absent: the project's").argParser(wholeNumber))
    .option('--exclude <cases...>', 'take these out: not trained on, not ordered, not predicted or exported unasked; needs --reason')
    .option('--reason <text>', 'why they are excluded')
    .option('--include <cases...>', 'let these take part again')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('cases --project ~/liver', 'cases --project ~/liver --order entropy', 'cases --project ~/liver --exclude case_7 --reason "motion artefacts"'),
    )
    .action((options: CaseListOptions) =>
      runCommand('cases', program, options, async (session) => {
        const { legend, labelRules } = await session.call('project.open', { folder: resolve(options.project) });
        const { exclude, include, reason = '' } = options;
        if (exclude) await session.call('dataset.setExcluded', { caseIds: exclude.map((id) => CaseId.parse(id)), reason });
        if (include) await session.call('dataset.setExcluded', { caseIds: include.map((id) => CaseId.parse(id)), reason: null });
        if (options.order !== undefined) return listInOrder(session, options.order, options.seed);
        const { cases } = await session.call('dataset.listCases', {});
        const hasSeveral = cases.some(({ masks }) => masks.filter(({ isDeleted }) => !isDeleted).length > 1);
        for (const line of formatTable([
          ['case', 'modality', 'voxels', 'status', 'place', 'because', 'masks', 'accepted', 'unpainted', ...(hasSeveral ? ['named'] : [])],
          ...cases.map((one) => [
            ...caseRow(one),
            one.latestRevision === null ? '-' : (whyIncomplete(one.completeness, legend, labelRules) ?? 'background'),
            ...(hasSeveral ? [maskList(one)] : []),
          ]),
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
        for (const line of formatTable([['run', 'configuration', 'fold', 'state', 'epoch', 'time', 'cases', 'Dice', 'from'], ...runs.map(runRow)]))
          session.output.say(line);
        return { exitCode: exitCodes.ok, value: { runs } };
      }),
    );
}

async function listInOrder(session: CliSession, order: OrderStrategy | 'project', seed: number | undefined): Promise<CommandEnd> {
  const choice = { ...(order !== 'project' && { strategy: order }), ...(seed !== undefined && { seed }) };
  const value = await session.call('worklist.order', choice);
  const rows = value.cases.map(({ caseId, uncertainty, reason }, index) => [
    String(index + 1),
    caseId,
    uncertainty?.toFixed(2) ?? '-',
    describeOrderReason(reason),
  ]);
  for (const line of formatTable([['next', 'case', 'bits', 'why'], ...rows])) session.output.say(line);
  return { exitCode: exitCodes.ok, value };
}

/** With their newest revisions; `*`: trainings learn from it, and the other columns tell of it. */
const maskList = ({ masks }: CaseSummary): string =>
  masks
    .filter(({ isDeleted }) => !isDeleted)
    .map(({ name, isTraining, latestRevision }) => `${name}${isTraining ? '*' : ''}: ${orDash(latestRevision)}`)
    .join(', ');

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

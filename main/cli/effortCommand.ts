import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { describeError } from '../contract/describeError.ts';
import type { CaseEffort, RoundEffort } from '../contract/effort.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { formatDuration } from './duration.ts';
import { exitCodes } from './exitCodes.ts';
import { runCommand, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface EffortOptions extends CommandOptions {
  readonly project: string;
  readonly csv?: string;
}

export function addEffortCommand(root: Command, program: ProgramPaths): void {
  root
    .command('effort')
    .description('How much work the accepted masks were: time, voxels changed, agreement with the prediction, round by round.')
    .addOption(projectOption())
    .addOption(new Option('--csv <file>', 'write one line for each case'))
    .addOption(jsonOption())
    .addHelpText('after', examples('effort --project ~/liver', 'effort --project ~/liver --csv effort.csv'))
    .action((options: EffortOptions) =>
      runCommand('effort', program, options, async (session) => {
        await session.call('project.open', { folder: resolve(options.project) });
        const { cases, rounds } = await session.call('effort.list', {});
        const head = ['round', 'cases', 'active time', 'voxels changed', 'Dice', 'ASSD mm', 'HD95 mm', 'model'];
        for (const line of formatTable([head, ...rounds.map(roundRow)])) session.output.say(line);
        for (const { caseId, problem } of cases) if (problem) session.output.say(`${caseId}: ${describeError(problem)}`);
        if (options.csv !== undefined) await writeFile(resolve(options.csv), effortCsv(cases));
        return { exitCode: exitCodes.ok, value: { cases, rounds } };
      }),
    );
}

const figure = (value: number | null, decimals: number): string => value?.toFixed(decimals) ?? '-';

function roundRow({ round, source, caseCount, medianActiveSeconds, meanVoxelsChanged, meanDice, meanAssdMm, meanHd95Mm }: RoundEffort): string[] {
  const time = medianActiveSeconds === null ? '-' : formatDuration(medianActiveSeconds);
  return [
    String(round),
    String(caseCount),
    time,
    figure(meanVoxelsChanged, 0),
    figure(meanDice, 3),
    figure(meanAssdMm, 2),
    figure(meanHd95Mm, 2),
    source ?? '-',
  ];
}

/** An empty field where a figure is not known. */
export function effortCsv(cases: readonly CaseEffort[]): string {
  const head = ['case', 'revision', 'accepted', 'round', 'model', 'active_seconds', 'voxels_changed', 'dice', 'assd_mm', 'hd95_mm', 'problem'];
  const rows = cases.map(({ caseId, revision, acceptedAtMs, round, source, activeSeconds, change, problem }) => [
    caseId,
    revision,
    new Date(acceptedAtMs).toISOString(),
    round,
    source,
    activeSeconds,
    change?.voxelsChanged,
    change?.dice,
    change?.assdMm,
    change?.hd95Mm,
    problem?.code,
  ]);
  return [head, ...rows].map((row) => `${row.map((cell) => String(cell ?? '')).join(',')}\r\n`).join('');
}

import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CallOutput } from '../contract/api.ts';
import { AppException } from '../contract/errors.ts';
import type { LegendOperation } from '../contract/legendChange.ts';
import type { JobId, Segment } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface LegendOptions extends CommandOptions {
  readonly project: string;
}
type Operate = (find: (name: string) => Segment) => LegendOperation;

/** A segment is named by its name or its label value. */
export function addLegendCommands(root: Command, program: ProgramPaths): void {
  const legend = root.command('legend').description('The segments of a project; masks follow when they are merged or removed, as new revisions.');
  const sub = (name: string, text: string): Command => legend.command(name).description(text).addOption(projectOption()).addOption(jsonOption());
  const change = (options: LegendOptions, operate: Operate): Promise<void> =>
    runCommand('legend', program, options, (session) => changeLegend(session, options, operate));
  sub('list', 'List the segments.').action((options: LegendOptions) =>
    runCommand('legend', program, options, async (session) => {
      const project = await session.call('project.open', { folder: resolve(options.project) });
      return listed(session, project.legend);
    }),
  );
  sub('rename <segment> <name>', 'Give a segment another name.').action((segment: string, name: string, options: LegendOptions) =>
    change(options, (find) => ({ op: 'rename', labelValue: find(segment).labelValue, name })),
  );
  sub('merge <segment> <into>', 'Every voxel of the first becomes one of the second.')
    .addHelpText('after', examples('legend merge --project ~/liver lesion tumour'))
    .action((segment: string, into: string, options: LegendOptions) =>
      change(options, (find) => ({ op: 'merge', labelValue: find(segment).labelValue, into: find(into).labelValue })),
    );
  sub('remove <segment>', 'Every voxel of it becomes background.').action((segment: string, options: LegendOptions) =>
    change(options, (find) => ({ op: 'remove', labelValue: find(segment).labelValue })),
  );
}

async function changeLegend(session: CliSession, options: LegendOptions, operate: Operate): Promise<CommandEnd> {
  const { legend } = await session.call('project.open', { folder: resolve(options.project) });
  const find = (name: string): Segment => {
    const found = legend.find((one) => one.name === name) ?? legend.find(({ labelValue }) => String(labelValue) === name);
    if (found) return found;
    throw new AppException({ code: 'contract/bad-input', issues: [`the legend has no segment '${name}'`] });
  };
  const operations = [operate(find)];
  const { cases } = await session.call('dataset.listCases', {});
  const changesMasks = operations[0]!.op !== 'rename' && cases.some(({ latestRevision }) => latestRevision !== null);
  if (changesMasks) {
    const end = await followJob(session, () => startJob(session, operations));
    if (end.state !== 'succeeded') return { exitCode: exitCodeOf(end), value: { ...end.summary } };
  } else {
    await session.call('project.changeLegend', { operations });
  }
  const { project } = await session.call('project.current', {});
  session.output.say('Models keep the legend they were trained with. Train on from one (--from latest) to give it the new one.');
  return listed(session, project?.legend ?? []);
}

async function startJob(session: CliSession, operations: LegendOperation[]): Promise<{ jobId: JobId }> {
  const { jobId } = await session.call('project.changeLegend', { operations });
  if (!jobId) throw new Error('masks of the project went while its legend was changed');
  return { jobId };
}

function listed(session: CliSession, legend: NonNullable<CallOutput<'project.current'>['project']>['legend']): CommandEnd {
  for (const line of formatTable([['label', 'name'], ...legend.map(({ labelValue, name }) => [String(labelValue), name])])) session.output.say(line);
  return { exitCode: exitCodes.ok, value: { legend } };
}

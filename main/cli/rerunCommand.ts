import { resolve } from 'node:path';
import type { Command } from 'commander';
import { describeRerun, isSameResult, RerunOutcome } from '../contract/rerun.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface RerunOptions extends CommandOptions {
  readonly project: string;
}

export function addRerunCommand(root: Command, program: ProgramPaths): void {
  root
    .command('rerun')
    .description('Train a finished run again from its record and say whether the result is the same.')
    .argument('<run>', "a run, 'latest' or 'current'")
    .addOption(projectOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('rerun latest --project ~/liver'))
    .action((run: string, options: RerunOptions) => runCommand('rerun', program, options, (session) => rerun(session, run, options)));
}

async function rerun(session: CliSession, name: string, { project }: RerunOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const { runs } = await session.call('nnunet.listRuns', {});
  const { runId } = findRun(runs, name, ({ state }) => state === 'finished');
  const end = await followJob(session, () => session.call('models.rerun', { runId }));
  const outcome = RerunOutcome.safeParse(end.summary.rerun).data;
  const value = { runId: end.started.runId, repeatsRunId: runId, rerun: outcome ?? null };
  if (!outcome) {
    session.output.say(`Stopped. Go on with: maskloop train --project ${resolve(project)} --resume ${end.started.runId}`);
    return { exitCode: exitCodeOf(end), value };
  }
  session.output.say(`${end.started.runId} repeats ${runId}.`);
  for (const line of describeRerun(outcome)) session.output.say(line);
  return { exitCode: isSameResult(outcome) === false ? exitCodes.finishedWithProblems : exitCodeOf(end), value };
}

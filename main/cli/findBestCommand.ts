import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InferenceInformation } from '../contract/inferenceInformation.ts';
import { ConfigurationName } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface FindBestOptions extends CommandOptions {
  readonly project: string;
  readonly config?: ConfigurationName[];
  readonly mirror?: boolean;
}

export function addFindBestCommand(root: Command, program: ProgramPaths): void {
  root
    .command('find-best')
    .description('Find the configuration, or the pair of them, that did best on the cases its folds held back, and its post-processing.')
    .addOption(projectOption())
    .addOption(new Option('--config <name...>', 'only these configurations').choices(ConfigurationName.options))
    .addOption(new Option('--mirror', 'predict with mirrored copies'))
    .addOption(jsonOption())
    .addHelpText('after', examples('find-best --project ~/liver'))
    .action((options: FindBestOptions) => runCommand('find-best', program, options, (session) => findBest(session, options)));
}

async function findBest(session: CliSession, { project, config, mirror }: FindBestOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const end = await followJob(session, () => session.call('nnunet.findBest', { configurations: config, mirror }));
  const parsed = InferenceInformation.safeParse(end.summary);
  if (parsed.success) for (const line of sentences(parsed.data, project)) session.output.say(line);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, problems: end.problems } };
}

function sentences({ candidates, folds, caseCount, structures, postprocessing }: InferenceInformation, project: string): string[] {
  const rows = candidates.map(({ name, dice, dicePerStructure }) => [name, figure(dice), ...dicePerStructure.map(figure)]);
  const steps = postprocessing.steps.map(({ keepLargestOf }) => `largest component of class ${keepLargestOf.join(', ')}`);
  return [
    ...formatTable([['model', 'Dice', ...structures], ...rows]),
    `${caseCount} held-back cases of ${folds.length === 1 ? `fold ${folds[0]!}` : `folds ${folds.join(', ')}`}.${folds.length < 5 ? ' With all five folds the choice is surer.' : ''}`,
    `Post-processing: ${steps.join(', then ') || 'none helps'} (Dice ${figure(postprocessing.diceBefore)} → ${figure(postprocessing.diceAfter)}).`,
    `Predict with: maskloop predict --project ${project} ${candidates[0]!.runIds.map((runId) => `--model ${runId}`).join(' ')}`,
  ];
}

const figure = (value: number | null): string => value?.toFixed(4) ?? '-';

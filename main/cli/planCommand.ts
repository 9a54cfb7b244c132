import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PlanSummary } from '../contract/tasks.ts';
import { ConfigurationName, Preset, type Fold } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, foldOf, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { addPlanOptions, planChoices, plansOption, readPlans, type PlanOptions } from './planOptions.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface PlanCommandOptions extends CommandOptions, PlanOptions {
  readonly project: string;
  readonly preset: Preset;
  readonly fold: Fold;
  readonly config?: ConfigurationName;
  readonly plans?: string;
}

/** `plan`, and `preprocess`, which does one configuration's cases as well. */
export function addPlanCommands(root: Command, program: ProgramPaths): void {
  const shared = (command: Command): Command =>
    addPlanOptions(
      command
        .addOption(projectOption())
        .addOption(new Option('--preset <name>', 'whose plan').choices(Preset.options).default('v2'))
        .addOption(new Option('--fold <n>', "plan for the training cases of this fold, 0 to 4, or 'all'").argParser(foldOf).default('all')),
    )
      .addOption(plansOption())
      .addOption(jsonOption());
  shared(root.command('plan'))
    .description('Measure the accepted cases and plan networks for them, without training.')
    .addHelpText(
      'after',
      examples('plan --project ~/liver', 'plan --project ~/liver --preset resenc_l --gpu-memory 16', 'plan --project ~/liver --plans nnUNetPlans.json'),
    )
    .action((options: PlanCommandOptions) => runCommand('plan', program, options, (session) => plan(session, options)));
  shared(root.command('preprocess'))
    .description('Prepare the cases of one configuration ahead of its training.')
    .addOption(new Option('--config <name>', 'planned configuration').choices(ConfigurationName.options).default('3d_fullres'))
    .addHelpText('after', examples('preprocess --project ~/liver --config 3d_fullres --fold 0'))
    .action((options: PlanCommandOptions) => runCommand('preprocess', program, options, (session) => plan(session, options)));
}

async function plan(session: CliSession, options: PlanCommandOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(options.project) });
  const { preset, fold, config } = options;
  const preprocess = config === undefined ? [] : [config];
  const plans = await readPlans(options.plans);
  const end = await followJob(session, () => session.call('nnunet.plan', { preset, fold, preprocess, ...planChoices(options), ...plans }));
  const summary = PlanSummary.safeParse(end.summary);
  if (summary.success) for (const line of describe(summary.data)) session.output.say(line);
  return { exitCode: exitCodeOf(end), value: end.summary };
}

function describe({ folder, preset, caseCount, configurations }: PlanSummary): string[] {
  const rows = configurations.map(({ name, spacingDhwMm, patch, poolings, batchSize }) => [
    name,
    spacingDhwMm.map((mm) => (mm === null ? '-' : mm.toFixed(3))).join(' '),
    patch.join('×'),
    poolings.join(' '),
    String(batchSize),
  ]);
  return [
    `Plan '${preset}' from ${caseCount} cases:`,
    ...formatTable([['configuration', 'spacing mm', 'patch', 'poolings', 'batch'], ...rows]),
    `Files: ${folder}`,
  ];
}

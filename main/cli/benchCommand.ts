import { resolve } from 'node:path';
import { type Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import { Amp, ConfigurationName, Preset } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, positiveInteger, projectOption, wholeNumber } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { addPlanOptions, planChoices, type PlanOptions } from './planOptions.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { addTrainingOptions, trainingChoices } from './trainingOptions.ts';

interface BenchOptions extends CommandOptions, PlanOptions {
  readonly project: string;
  readonly config: ConfigurationName;
  readonly preset: Preset;
  readonly amp: Amp;
  readonly warmupSteps: number;
  readonly benchSteps: number;
  readonly seed: number;
}
type Mode = 'train' | 'predict';

export function addBenchCommand(root: Command, program: ProgramPaths): void {
  const command = root
    .command('bench')
    .description("Time the network planned for a project's accepted masks on fixed patches; prints JSON.")
    .addArgument(root.createArgument('<mode>', 'what is timed').choices(['train', 'predict']))
    .addOption(projectOption())
    .addOption(new Option('--config <name>', 'planned configuration').choices(ConfigurationName.options).default('3d_fullres'))
    .addOption(new Option('--preset <name>', 'whose plan').choices(Preset.options).default('v2'))
    .addOption(new Option('--amp <mode>', 'mixed precision').choices(Amp.options).default('off'))
    .addOption(new Option('--warmup-steps <n>', 'first steps that do not count').argParser(wholeNumber).default(100))
    .addOption(new Option('--bench-steps <n>', 'steps in all').argParser(positiveInteger).default(200))
    .addOption(new Option('--seed <n>', 'seed of the weights').argParser(wholeNumber).default(0))
    .addOption(jsonOption())
    .addHelpText('after', examples('bench train --project ~/liver --config 3d_fullres --warmup-steps 5 --bench-steps 25'))
    .action((mode: Mode, options: BenchOptions) => {
      if (options.warmupSteps >= options.benchSteps) {
        const problem = '--warmup-steps must be below --bench-steps, which counts them in.';
        process.stderr.write(`error: ${problem}\n`);
        throw new CommanderError(exitCodes.usage, 'maskloop.warmUp', problem);
      }
      return runCommand('bench', program, options, (session) => bench(session, mode, options));
    });
  addPlanOptions(command);
  addTrainingOptions(command);
}

async function bench(session: CliSession, mode: Mode, options: BenchOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(options.project) });
  const { config: configuration, preset, amp, warmupSteps, benchSteps, seed } = options;
  const choices = trainingChoices(options);
  const end = await followJob(session, () =>
    session.call('nnunet.bench', { mode, configuration, preset, amp, warmupSteps, benchSteps, seed, choices, ...planChoices(options) }),
  );
  session.output.say(JSON.stringify(z.record(z.string(), z.unknown()).parse(end.summary), null, 2));
  return { exitCode: exitCodeOf(end), value: end.summary };
}

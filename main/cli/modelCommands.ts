import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { ModelFormat } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface ExportOptions extends CommandOptions {
  readonly project: string;
  readonly run: string;
  readonly format: ModelFormat;
  readonly output: string;
}
interface ImportOptions extends CommandOptions {
  readonly project: string;
}

/** `model export` and `model import`. */
export function addModelCommands(root: Command, program: ProgramPaths): void {
  const model = root.command('model').description('Move a trained model to another machine, or to TensorFlow.');
  model
    .command('export')
    .description('Write the model of a training as one file (bundle), or as a folder that TensorFlow serves (savedmodel).')
    .addOption(projectOption())
    .addOption(new Option('--run <run>', "the training, or 'latest'").default('latest'))
    .addOption(new Option('--format <name>', 'bundle or savedmodel').choices(ModelFormat.options).default('bundle'))
    .addOption(new Option('--output <path>', 'the file, or for savedmodel the folder').makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('model export --project ~/liver --output ~/liver.maskloop', 'model export --project ~/liver --format savedmodel --output ~/liver-tf'),
    )
    .action((options: ExportOptions) => runCommand('model export', program, options, (session) => exportModel(session, options)));
  model
    .command('import')
    .description('Add the model of a bundle to a project: it predicts there, and further training can start from it.')
    .addOption(projectOption())
    .argument('<file>', 'a bundle that `model export` wrote')
    .addOption(jsonOption())
    .addHelpText('after', examples('model import --project ~/liver ~/liver.maskloop'))
    .action((file: string, options: ImportOptions) => runCommand('model import', program, options, (session) => importModel(session, file, options)));
}

async function exportModel(session: CliSession, { project, run, format, output }: ExportOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const { runs } = await session.call('nnunet.listRuns', {});
  const { runId } = findRun(runs, run, ({ hasCheckpoint }) => hasCheckpoint);
  const end = await followJob(session, () => session.call('model.export', { runId, format, output: resolve(output) }));
  session.output.say(resolve(output));
  return { exitCode: exitCodeOf(end), value: { ...end.summary, runId } };
}

async function importModel(session: CliSession, file: string, { project }: ImportOptions): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const before = new Set((await session.call('nnunet.listRuns', {})).runs.map(({ runId }) => runId));
  const end = await followJob(session, () => session.call('model.import', { file: resolve(file) }));
  const { runs } = await session.call('nnunet.listRuns', {});
  const runId = runs.find((run) => !before.has(run.runId))?.runId ?? null;
  if (runId) session.output.say(`The model is run ${runId}.`);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, runId } };
}

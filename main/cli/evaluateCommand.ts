import { resolve } from 'node:path';
import { type Command, CommanderError, Option } from 'commander';
import type { CallInput } from '../contract/api.ts';
import { EvaluateSummary } from '../contract/tasks.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';
import { formatTable } from './textTable.ts';

interface EvaluateOptions extends CommandOptions {
  readonly project?: string;
  readonly run: string;
  readonly predictions?: string;
  readonly truth?: string;
  readonly images?: string;
  readonly output: string;
  readonly absentScoresOne?: boolean;
}

export function addEvaluateCommand(root: Command, program: ProgramPaths): void {
  root
    .command('evaluate')
    .description('Compare masks with the truth: two folders of NIfTI files of the same names, or the cases that a run held back.')
    .addOption(new Option('--predictions <folder>', 'masks to judge'))
    .addOption(new Option('--truth <folder>', 'true masks; names come from a dataset.json beside them'))
    .addOption(new Option('--images <folder>', 'images under the pictures of the report'))
    .addOption(new Option('--project <dir>', 'project folder, instead of the two folders').env('MASKLOOP_PROJECT'))
    .addOption(new Option('--run <run>', "run to judge, or 'latest'").default('latest'))
    .addOption(new Option('--output <folder>', 'receives evaluation.json, summary.json, evaluation.csv and evaluation.html').makeOptionMandatory())
    .addOption(new Option('--absent-scores-one', 'a structure that is in neither mask counts as a Dice of 1 instead of being left out'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('evaluate --predictions ~/masks --truth ~/labels --output ~/report', 'evaluate --project ~/liver --run latest --output ~/report'),
    )
    .action((options: EvaluateOptions) => {
      const hasFolders = options.predictions !== undefined && options.truth !== undefined;
      if (!hasFolders && (options.predictions !== undefined || options.truth !== undefined || options.project === undefined)) {
        const message = 'either --predictions and --truth, or --project is needed.';
        process.stderr.write(`error: ${message}\n`);
        throw new CommanderError(exitCodes.usage, 'maskloop.whatToEvaluate', message);
      }
      return runCommand('evaluate', program, options, (session) => evaluate(session, options));
    });
}

async function evaluate(session: CliSession, options: EvaluateOptions): Promise<CommandEnd> {
  const of = await whatToEvaluate(session, options);
  const outputFolder = resolve(options.output);
  const end = await followJob(session, () => session.call('evaluate.start', { of, outputFolder, absentScoresOne: options.absentScoresOne }));
  const summary = EvaluateSummary.safeParse(end.summary);
  if (summary.success) {
    const { structures, files } = summary.data;
    const rows = structures.map(({ name, dice, iou, hd95Mm, assdMm }) => [name, text(dice, 3), text(iou, 3), text(hd95Mm, 2), text(assdMm, 2)]);
    for (const line of formatTable([['structure', 'Dice', 'IoU', 'HD95 mm', 'ASSD mm'], ...rows])) session.output.say(line);
    for (const file of files) session.output.say(file);
  }
  return { exitCode: exitCodeOf(end), value: { ...end.summary, outputFolder, problems: end.problems } };
}

async function whatToEvaluate(session: CliSession, { project, run, predictions, truth, images }: EvaluateOptions): Promise<CallInput<'evaluate.start'>['of']> {
  if (predictions !== undefined && truth !== undefined) {
    return {
      kind: 'folders',
      predictionFolder: resolve(predictions),
      truthFolder: resolve(truth),
      ...(images !== undefined && { imageFolder: resolve(images) }),
    };
  }
  await session.call('project.open', { folder: resolve(project!) });
  const { runs } = await session.call('nnunet.listRuns', {});
  return { kind: 'run', runId: findRun(runs, run, ({ hasCheckpoint, validationCaseIds }) => hasCheckpoint && validationCaseIds.length > 0).runId };
}

const text = (value: number | null, decimals: number): string => value?.toFixed(decimals) ?? '-';

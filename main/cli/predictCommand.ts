import { resolve } from 'node:path';
import { type Command, CommanderError, Option } from 'commander';
import { z } from 'zod';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface PredictOptions extends CommandOptions {
  readonly project: string;
  readonly model: string;
  readonly input?: string;
  readonly output?: string;
  readonly mirror?: boolean;
}

export function addPredictCommand(root: Command, program: ProgramPaths): void {
  root
    .command('predict')
    .description("Segment a folder of images, or (without --input) the project's cases that have no accepted mask.")
    .addOption(projectOption())
    .addOption(new Option('--model <run>', "run whose weights are used, or 'latest'").default('latest'))
    .addOption(new Option('--input <folder>', 'NIfTI files or DICOM series'))
    .addOption(
      new Option('--output <folder>', 'receives one NIfTI label map per input, same base name, source geometry'),
    )
    .addOption(new Option('--mirror', 'average over mirrored copies: slower, a little better'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'predict --project ~/liver --input ~/new-scans --output ~/masks',
        'predict --project ~/liver                  # fills the worklist',
      ),
    )
    .action((options: PredictOptions) => {
      if ((options.input === undefined) !== (options.output === undefined)) {
        process.stderr.write('error: --input and --output belong together.\n');
        throw new CommanderError(exitCodes.usage, 'maskloop.inputAndOutput', '--input and --output belong together.');
      }
      return runCommand('predict', program, options, (session) => predict(session, options));
    });
}

const PredictSummary = z.object({ predictedCount: z.int() });

async function predict(
  session: CliSession,
  { project, model, input, output, mirror }: PredictOptions,
): Promise<CommandEnd> {
  await session.call('project.open', { folder: resolve(project) });
  const { runs } = await session.call('nnunet.listRuns', {});
  // The services choose the latest model themselves, and say so when there is none.
  const runId = model === 'latest' ? undefined : findRun(runs, model, () => true).runId;
  const end = await followJob(session, () =>
    input !== undefined && output !== undefined
      ? session.call('nnunet.predictFolder', {
          runId,
          inputFolder: resolve(input),
          outputFolder: resolve(output),
          mirror,
        })
      : session.call('nnunet.predict', { runId, mirror }),
  );
  const { predictedCount } = PredictSummary.catch({ predictedCount: 0 }).parse(end.summary);
  const place = output === undefined ? 'in the project, ready to be corrected' : `in ${resolve(output)}`;
  session.output.say(`${predictedCount} label map${predictedCount === 1 ? '' : 's'} ${place}.`);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, problems: end.problems } };
}

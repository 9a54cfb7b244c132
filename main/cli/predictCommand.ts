import { resolve } from 'node:path';
import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { BlendName, PredictOptions } from '../contract/predictOptions.ts';
import { type AppError, AppException } from '../contract/errors.ts';
import { gigabytes, type MemoryPolicy } from '../contract/memory.ts';
import { Amp, ExportFormat } from '../contract/vocabulary.ts';
import type { ProgramPaths } from '../host/programPaths.ts';
import type { CliSession } from './cliSession.ts';
import { examples, jsonOption, projectOption } from './commonOptions.ts';
import { exitCodes } from './exitCodes.ts';
import { findRun } from './findRun.ts';
import { exitCodeOf, followJob } from './followJob.ts';
import { runCommand, type CommandEnd, type CommandOptions } from './runCommand.ts';

interface PredictFlags extends CommandOptions {
  readonly project: string;
  readonly model?: readonly string[];
  readonly input?: string;
  readonly output?: string;
  readonly format: ExportFormat;
  readonly mirror?: boolean;
  readonly tta?: boolean;
  readonly overlap?: number;
  readonly blend?: PredictOptions['blend'];
  readonly amp: PredictOptions['amp'];
  readonly xla?: boolean;
  readonly saveProbabilities?: boolean;
  readonly savePreds?: boolean;
  readonly windowsPerCall?: number;
  readonly ignoreMemory?: boolean;
}

export function addPredictCommand(root: Command, program: ProgramPaths): void {
  root
    .command('predict')
    .description("Segment a folder of images, or (without --input) the project's cases that have no accepted mask.")
    .addOption(projectOption())
    .addOption(
      new Option('--model <run>', "run whose weights are used, 'latest' or 'current' (default); several times: they vote")
        .argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
        .default(undefined, 'current'),
    )
    .addOption(new Option('--input <folder>', 'NIfTI files or DICOM series'))
    .addOption(new Option('--output <folder>', 'receives one mask per input, same base name, source geometry'))
    .addOption(new Option('--format <name>', 'of the masks in --output, as for export').choices(ExportFormat.options).default('nifti'))
    .addOption(new Option('--mirror', 'average over mirrored copies: 4 (2D) or 8 times slower, a little better'))
    .addOption(new Option('--tta', 'the same as --mirror, by its name in the seed').hideHelp())
    .addOption(new Option('--overlap <part>', 'of neighbouring windows; default 0.5, or 0.25 with the seed preset').argParser(overlapOf))
    .addOption(new Option('--blend <how>', 'weight of a voxel in its window; default gaussian, or constant with the seed preset').choices(BlendName.options))
    .addOption(new Option('--amp <precision>', 'mixed precision').choices(Amp.options).default('off'))
    .addOption(new Option('--xla', 'compile the network: for GPUs, 12 times slower on a CPU'))
    .addOption(new Option('--save-probabilities', 'also write one float32 volume per class beside each label map'))
    .addOption(new Option('--save-preds', 'the same as --save-probabilities, by its name in the seed').hideHelp())
    .addOption(
      new Option(
        '--windows-per-call <n>',
        'slices that a 2D network takes at once, 1 to 8: fewer for less memory, the masks are the same; default 8',
      ).argParser(windowsPerCallOf),
    )
    .addOption(new Option('--ignore-memory', 'start even when a case needs more memory than there is'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'predict --project ~/liver --input ~/new-scans --output ~/masks',
        'predict --project ~/liver --input ~/new-series --output ~/to-pacs --format dicom-seg',
        'predict --project ~/liver                  # fills the worklist',
        'predict --project ~/liver --model RUN_A --model RUN_B --input ~/new-scans --output ~/masks   # an ensemble',
      ),
    )
    .action((options: PredictFlags) => {
      if ((options.input === undefined) !== (options.output === undefined)) {
        process.stderr.write('error: --input and --output belong together.\n');
        throw new CommanderError(exitCodes.usage, 'maskloop.inputAndOutput', '--input and --output belong together.');
      }
      if ((options.saveProbabilities || options.savePreds) && options.output === undefined) {
        process.stderr.write('error: --save-probabilities needs --output.\n');
        throw new CommanderError(exitCodes.usage, 'maskloop.probabilities', '--save-probabilities needs --output.');
      }
      if (options.format !== 'nifti' && options.output === undefined) {
        process.stderr.write('error: --format needs --output.\n');
        throw new CommanderError(exitCodes.usage, 'maskloop.format', '--format needs --output.');
      }
      return runCommand('predict', program, options, (session) => predict(session, options));
    });
}

function windowsPerCallOf(text: string): number {
  const parsed = PredictOptions.shape.windowsPerCall.safeParse(Number(text));
  if (text.trim() === '' || !parsed.success) throw new InvalidArgumentError('a whole number from 1 to 8 is needed.');
  return Number(text);
}

/** What to add to the command so that it needs less memory, or starts in spite of it. */
export function thriftierFlags(errors: readonly AppError[], models: readonly string[]): string[] {
  const error = errors.find(({ code }) => code === 'predict/memory-short' || code === 'predict/out-of-memory');
  if (error?.code !== 'predict/memory-short' && error?.code !== 'predict/out-of-memory') return [];
  const flags = error.offers.map(({ choices: { windowsPerCall, modelCount }, neededBytes }) => {
    const words = [
      windowsPerCall && `--windows-per-call ${windowsPerCall}`,
      modelCount &&
        models
          .slice(0, modelCount)
          .map((name) => `--model ${name}`)
          .join(' '),
    ]
      .filter(Boolean)
      .join(' ');
    return neededBytes === undefined ? `Less memory: ${words}` : `${gigabytes(neededBytes)}: ${words}`;
  });
  return error.code === 'predict/memory-short' ? [...flags, 'In spite of it: --ignore-memory'] : flags;
}

const PredictSummary = z.object({ predictedCount: z.int() });

function overlapOf(text: string): number {
  const parsed = PredictOptions.shape.overlap.safeParse(Number(text));
  if (text.trim() === '' || !parsed.success) throw new InvalidArgumentError('a number from 0 to 0.95 is needed.');
  return Number(text);
}

async function predict(session: CliSession, flags: PredictFlags): Promise<CommandEnd> {
  const { project, model = ['current'], input, output, overlap, blend, amp } = flags;
  await session.call('project.open', { folder: resolve(project) });
  const { runs } = await session.call('nnunet.listRuns', {});
  // The services know the current model, which one to take while there is none, and say so when no model can predict.
  const isCurrent = model.length === 1 && model[0] === 'current';
  const runIds = isCurrent ? undefined : model.map((name) => findRun(runs, name, ({ hasCheckpoint }) => hasCheckpoint).runId);
  const memory: MemoryPolicy = flags.ignoreMemory ? 'ignore' : 'refuse';
  const options = {
    runIds,
    memory,
    mirror: flags.mirror ?? flags.tta ?? false,
    overlap,
    blend,
    amp,
    xla: flags.xla ?? false,
    windowsPerCall: flags.windowsPerCall,
  };
  const saveProbabilities = flags.saveProbabilities ?? flags.savePreds ?? false;
  const end = await followJob(session, () =>
    input !== undefined && output !== undefined
      ? session.call('nnunet.predictFolder', {
          ...options,
          inputFolder: resolve(input),
          outputFolder: resolve(output),
          format: flags.format,
          saveProbabilities,
        })
      : session.call('nnunet.predict', options),
  ).catch((thrown: unknown) => {
    if (thrown instanceof AppException) thriftierFlags([thrown.error], model).forEach((line) => session.output.say(line));
    throw thrown;
  });
  thriftierFlags(end.problems, model).forEach((line) => session.output.say(line));
  const { predictedCount } = PredictSummary.catch({ predictedCount: 0 }).parse(end.summary);
  const place = output === undefined ? 'in the project, ready to be corrected' : `in ${resolve(output)}`;
  session.output.say(`${predictedCount} label map${predictedCount === 1 ? '' : 's'} ${place}.`);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, problems: end.problems } };
}

import { resolve } from 'node:path';
import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { BlendName, PredictOptions } from '../contract/predictOptions.ts';
import type { MemoryPolicy } from '../contract/memory.ts';
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
    .addOption(
      new Option('--output <folder>', 'receives one mask per input, same base name, source geometry'),
    )
    .addOption(new Option('--format <name>', 'of the masks in --output, as for export').choices(ExportFormat.options).default('nifti'))
    .addOption(new Option('--mirror', 'average over mirrored copies: 4 (2D) or 8 times slower, a little better'))
    .addOption(new Option('--tta', 'the same as --mirror, by its name in the seed').hideHelp())
    .addOption(
      new Option('--overlap <part>', 'of neighbouring windows; default 0.5, or 0.25 with the seed preset').argParser(
        overlapOf,
      ),
    )
    .addOption(
      new Option(
        '--blend <how>',
        'weight of a voxel in its window; default gaussian, or constant with the seed preset',
      ).choices(BlendName.options),
    )
    .addOption(new Option('--amp <precision>', 'mixed precision').choices(Amp.options).default('off'))
    .addOption(new Option('--xla', 'compile the network: for GPUs, 12 times slower on a CPU'))
    .addOption(new Option('--save-probabilities', 'also write one float32 volume per class beside each label map'))
    .addOption(new Option('--save-preds', 'the same as --save-probabilities, by its name in the seed').hideHelp())
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
  const runIds = isCurrent
    ? undefined
    : model.map((name) => findRun(runs, name, ({ hasCheckpoint }) => hasCheckpoint).runId);
  const memory: MemoryPolicy = flags.ignoreMemory ? 'ignore' : 'refuse';
  const options = { runIds, memory, mirror: flags.mirror ?? flags.tta ?? false, overlap, blend, amp, xla: flags.xla ?? false };
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
  );
  const { predictedCount } = PredictSummary.catch({ predictedCount: 0 }).parse(end.summary);
  const place = output === undefined ? 'in the project, ready to be corrected' : `in ${resolve(output)}`;
  session.output.say(`${predictedCount} label map${predictedCount === 1 ? '' : 's'} ${place}.`);
  return { exitCode: exitCodeOf(end), value: { ...end.summary, problems: end.problems } };
}
